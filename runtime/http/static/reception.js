// The reception: staff who take numbers for customers, check them in, print again and cancel.

import { Problem, get, post } from "./api.js";
import { unavailable, when } from "./opening.js";
import { advice, because, byId, data, make, nameIn, onLanguage, put, putNumber, text, waitOf } from "./page.js";
import { followHall } from "./stream.js";

const LAST_MAX = 12; // tickets that can be looked at again
const OPEN = new Set(["waiting", "called", "serving", "held"]);

const base = `/api/v1/halls/${encodeURIComponent(data.hall)}`;
const services = new Map(data.services.map((service) => [service.id, service]));
const form = byId("take");
const checkIn = byId("checkin");

let hall = null;
let shown = null; // the ticket that is looked at
let last = []; // the tickets issued here, the newest first
const papers = new Map(); // how the print of each of them is going

// -- drawing

function drawServices() {
  for (const service of hall?.services ?? []) {
    const line = document.querySelector(`[data-service="${CSS.escape(service.id)}"]`);
    const closed = unavailable(service);
    const waiting = service.waiting ? text("kiosk.waiting", { count: service.waiting }) : text("kiosk.nobody");
    put(line, closed || [waiting, waitOf(service)].filter(Boolean).join(" · "));
    line.parentElement.classList.toggle("closed", Boolean(closed));
  }
}

function drawIdentity() {
  const asked = asks();
  byId("identity").hidden = !asked;
  form.elements.identity.required = Boolean(asked);
  if (asked) put(byId("identity-name"), text(`reception.identity.${asked}`));
}

function drawShown() {
  byId("issued").hidden = !shown;
  if (!shown) return;
  putNumber(byId("number"), shown.number);
  const ahead = shown.ahead ?? 0;
  const people = text(["reception.ahead_none", "reception.ahead_one"][ahead] ?? "reception.ahead", { count: ahead });
  put(byId("ahead"), shown.due_at ? text("reception.due", { when: when(shown.due_at) }) : people);
  put(byId("wait"), waitOf(shown));
  const { paper, failure } = papers.get(shown.id) ?? { paper: "none" };
  put(byId("paper"), text(`reception.paper.${paper}`, { failure: because(failure ?? "") }));
  byId("paper").dataset.paper = paper;
  const { pathname, search } = new URL(shown.scan_url, location.href);
  const address = `${pathname}/qr.svg${search}`;
  const image = byId("code-image");
  if (image.getAttribute("src") !== address) image.setAttribute("src", address);
  image.alt = text("kiosk.scan_alt", { number: shown.number });
  byId("reprint").hidden = !form.elements.kiosk;
}

function drawLast() {
  byId("last-none").hidden = last.length > 0;
  byId("last").replaceChildren(
    ...last.map((ticket) => {
      const button = make("button", { type: "button", className: "quiet", textContent: ticket.number });
      button.setAttribute("aria-current", String(ticket.id === shown?.id));
      button.addEventListener("click", () => {
        shown = ticket;
        say("");
        draw();
      });
      const service = services.get(ticket.service);
      return make("li", {}, button, make("span", { textContent: nameIn(service?.names ?? {}) }));
    }),
  );
}

function draw() {
  drawServices();
  drawIdentity();
  drawShown();
  drawLast();
}

/** Say what was refused; nothing hides it. */
function say(words) {
  byId("said").hidden = !words;
  put(byId("said"), words);
}

// -- what is done

/** Do something with the buttons at rest; a refusal is said in words, those of `typed` for what was typed. */
async function busy(act, typed = {}) {
  const buttons = [...document.querySelectorAll("main button")];
  for (const button of buttons) button.disabled = true;
  say("");
  try {
    await act();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    const again = problem.more.opens_at;
    if (typed[problem.kind]) say(text(typed[problem.kind]));
    else say(again ? text(`refused.${problem.kind}.again`, { when: when(again) }) : advice(problem));
  } finally {
    for (const button of buttons) button.disabled = false;
    draw();
  }
}

function took(ticket, kiosk) {
  // How its print ended may have been told before.
  if (kiosk && !papers.has(ticket.id)) papers.set(ticket.id, { paper: "printing" });
  shown = ticket;
  last = [ticket, ...last.filter((one) => one.id !== ticket.id)].slice(0, LAST_MAX);
}

function asks() {
  const wanted = [form.elements.service.value, ...checked("then")];
  const asked = wanted.map((id) => services.get(id)?.identity).filter((one) => one === "phone" || one === "document");
  return asked[0] ?? null;
}

function checked(name) {
  return [...form.querySelectorAll(`[name="${name}"]:checked`)].map((box) => box.value);
}

function give() {
  const fields = form.elements;
  const kiosk = fields.kiosk?.value || undefined;
  const body = {
    service: fields.service.value,
    class: fields.class.value,
    party: Number(fields.party.value),
    language: fields.language.value,
    then: checked("then").filter((id) => id !== fields.service.value),
    kiosk,
  };
  if (fields.shortest?.checked) body.visit_order = "shortest_wait";
  const asked = asks();
  if (asked) body[asked] = fields.identity.value;
  return busy(async () => {
    took(await post(`${base}/tickets`, body), kiosk);
    form.reset();
    fields.language.value = body.language;
    if (fields.kiosk) fields.kiosk.value = kiosk ?? "";
  }, { "identity-invalid": `kiosk.identity.${asked}_wrong`, "identity-needed": "kiosk.identity.wechat" });
}

function checkSomebodyIn() {
  const { kind, typed } = checkIn.elements;
  const kiosk = form.elements.kiosk?.value || undefined;
  const own = encodeURIComponent(typed.value.trim());
  const [path, body] =
    kind.value === "code"
      ? [`${base}/bookings/${own}/check-in`, { kiosk }]
      : [`${base}/bookings/check-in`, { kiosk, [kind.value]: typed.value }];
  return busy(async () => {
    took(await post(path, body), kiosk);
    checkIn.elements.typed.value = "";
  }, { "identity-invalid": `kiosk.identity.${kind.value}_wrong`, "unknown-booking": `kiosk.checkin.unknown.${kind.value}` });
}

function reprint() {
  const { id } = shown;
  const kiosk = form.elements.kiosk.value || form.elements.kiosk.options[0].value;
  return busy(async () => {
    papers.set(id, { paper: "printing" });
    drawShown();
    try {
      await post(`${base}/tickets/${encodeURIComponent(id)}/reprint`, { kiosk });
    } catch (problem) {
      papers.set(id, { paper: "none" });
      throw problem;
    }
  });
}

function cancel() {
  const { id } = shown;
  return busy(async () => {
    await post(`${base}/tickets/${encodeURIComponent(id)}/cancel`);
    last = last.filter((ticket) => ticket.id !== id);
    shown = null;
  });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  give();
});
form.addEventListener("change", drawIdentity);
checkIn?.addEventListener("submit", (event) => {
  event.preventDefault();
  checkSomebodyIn();
});
byId("reprint").addEventListener("click", reprint);
byId("cancel").addEventListener("click", cancel);
onLanguage(draw);

/** What became of a ticket meanwhile: who was served is not asked about any more. */
async function forget(id) {
  if (!last.some((ticket) => ticket.id === id)) return;
  try {
    const now = await get(`${base}/tickets/${encodeURIComponent(id)}`);
    if (OPEN.has(now.state)) return;
  } catch {
    return;
  }
  last = last.filter((ticket) => ticket.id !== id);
  if (shown?.id === id) shown = null;
  draw();
}

followHall(data.hall, {
  onHall(view) {
    hall = view;
    drawServices();
  },
  onRecord(record) {
    if (record.type === "TicketPrinted" || record.type === "TicketPrintFailed") {
      const printed = record.type === "TicketPrinted";
      papers.set(record.ticket, { paper: printed ? "printed" : "failed", failure: record.failure });
      if (papers.size > 10 * LAST_MAX) papers.delete(papers.keys().next().value);
      drawShown();
    } else if (["ServiceFinished", "TicketCancelled", "TicketNoShow"].includes(record.type)) {
      forget(record.ticket);
    }
  },
  onConnection(connected) {
    byId("connection").hidden = connected;
  },
});

draw();
