// The customer's evaluation on the ticket's page: once for each service that was finished.

import { post } from "./api.js";
import { advice, byId, data, make, nameIn, onLanguage, put, text } from "./page.js";

const path = `/api/v1/halls/${encodeURIComponent(data.hall)}/tickets/${encodeURIComponent(data.ticket.id)}/evaluate`;
const names = (list) => new Map(list.map(({ id, names }) => [id, names]));
const serviceNames = names(data.services);
const counterNames = names(data.counters);

const form = byId("evaluation");
const stars = byId("stars");

let ticket = data.ticket;
let thanked = false;
let sending = false;
let problem = null;
let sent = () => {};

/** The newest service that may still be evaluated. */
function due() {
  return ticket.served.findLast((served) => !served.evaluated && Date.now() < Date.parse(served.open_until));
}

function draw() {
  const service = due();
  form.hidden = !service || !data.code;
  byId("evaluation-scan").hidden = !service || Boolean(data.code);
  byId("evaluation-thanks").hidden = !thanked;
  if (service) {
    const values = {
      service: nameIn(serviceNames.get(service.service) ?? {}) || service.service,
      counter: nameIn(counterNames.get(service.counter) ?? {}) || service.counter,
    };
    put(byId("evaluation-of"), text("evaluate.of", values));
  }
  const level = chosen();
  stars.dataset.level = String(level);
  put(byId("level"), level ? text(`evaluate.level.${level}`) : "");
  for (const label of byId("reason-list").querySelectorAll("span")) {
    put(label, nameIn(data.reasons[label.dataset.reason]));
  }
  put(byId("evaluation-said"), problem ? problem() : "");
}

function chosen() {
  return Number(new FormData(form).get("level") ?? 0);
}

async function send() {
  if (sending) return;
  const given = new FormData(form);
  const level = chosen();
  const service = due();
  problem = level ? null : () => text("evaluate.choose");
  draw();
  if (!level || !service) return;
  // One line: what stands in a journal is read in lists.
  const words = String(given.get("text")).replace(/\s+/g, " ").trim();
  const body = { level, service: service.service, code: data.code, reasons: given.getAll("reason") };
  sending = true;
  byId("evaluation-send").setAttribute("aria-disabled", "true");
  try {
    await post(path, words ? { ...body, text: words } : body);
    thanked = true;
    form.reset();
    service.evaluated = true;
    byId("evaluation-thanks").tabIndex = -1;
  } catch (refused) {
    problem = () => advice(refused);
    if (refused.kind === "evaluated") service.evaluated = thanked = true; // on the counter's tablet
  } finally {
    sending = false;
    byId("evaluation-send").removeAttribute("aria-disabled");
    draw();
    if (form.hidden && thanked) byId("evaluation-thanks").focus();
    sent();
  }
}

byId("reason-list").replaceChildren(
  ...Object.keys(data.reasons).map((reason) => {
    const name = make("span");
    name.dataset.reason = reason;
    return make("label", {}, make("input", { type: "checkbox", name: "reason", value: reason }), name);
  }),
);
byId("reasons").hidden = Object.keys(data.reasons).length === 0;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
form.addEventListener("change", () => {
  problem = null;
  draw();
});
onLanguage(draw);

/** Show what may be evaluated of the ticket as it is now; `done` is called once something was. */
export function showEvaluation(now, done) {
  ticket = now;
  sent = done;
  draw();
}
