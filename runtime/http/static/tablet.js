// The tablet at a counter: says who serves there, and asks whoever was served what they think of it.

import { post } from "./api.js";
import { byId, data, make, nameIn, onLanguage, put, text } from "./page.js";
import { followHall } from "./stream.js";

const ASK_MS = 60000; // then the customer has gone
const WHY_MS = 20000;
const THANKS_MS = 4000;
const POOR_MAX = 3; // up to this level it is asked why

const path = `/api/v1/halls/${encodeURIComponent(data.hall)}/counters/${encodeURIComponent(data.counter)}/evaluate`;
const reasons = Object.keys(data.reasons);

let counter = null;
let asked = null; // whom the page asks
let met = null; // the invitation that was dealt with last
let level = 0;
let shown = "rest";
let thanks = "evaluate.thanks";
let timer = 0;

function show(section, forMs, then = () => show("rest")) {
  const before = shown;
  shown = section;
  clearTimeout(timer);
  if (forMs) timer = setTimeout(then, forMs);
  if (section === "rest") asked = null;
  draw();
  // So that a screen reader says the question, and nothing of a section that has gone keeps the focus.
  if (section !== before) byId({ ask: "question", why: "why-title" }[section])?.focus();
}

function draw() {
  for (const section of ["rest", "ask", "why", "thanks"]) byId(section).hidden = section !== shown;
  if (asked) put(byId("question"), text("tablet.ask", { number: asked.number }));
  put(byId("said"), text(thanks));
  for (const button of byId("reasons").children) put(button, nameIn(data.reasons[button.dataset.reason]));
  if (!counter) return;
  const staff = counter.staff;
  put(byId("staff"), staff ? text("tablet.staff", { name: staff.name ?? staff.id }) : "");
  const reason = counter.reason ? ` · ${counter.reason}` : "";
  put(byId("mode"), counter.mode === "open" ? "" : text(`mode.${counter.mode}`) + reason);
}

const key = (ticket) => ticket && `${ticket.id}/${ticket.ended_at}`;

function take(view) {
  const first = counter === null;
  counter = view.counters.find((candidate) => candidate.id === data.counter);
  const invited = counter.asked;
  if (key(invited) !== met) {
    met = key(invited);
    // A tablet that was just switched on does not ask for whom nobody waits any more.
    const fresh = invited && !(first && Date.now() - Date.parse(invited.ended_at) > ASK_MS);
    if (fresh) ask(invited);
    else if (shown === "ask") show("rest");
  } else if (shown === "ask" && counter.ticket?.state === "serving") {
    show("rest"); // the next customer stands here
  }
  draw();
}

function ask(invited) {
  asked = invited;
  level = 0;
  show("ask", ASK_MS);
}

function choose(chosen) {
  if (shown !== "ask") return;
  level = chosen;
  if (level > POOR_MAX || reasons.length === 0) {
    send([]);
    return;
  }
  for (const button of byId("reasons").children) button.setAttribute("aria-pressed", "false");
  show("why", WHY_MS, sendWhy); // who goes away has said as much
}

function sendWhy() {
  const pressed = byId("reasons").querySelectorAll("[aria-pressed=true]");
  send([...pressed].map((button) => button.dataset.reason));
}

async function send(given) {
  const ticket = asked.id;
  thanks = "evaluate.thanks";
  show("thanks", THANKS_MS);
  try {
    await post(path, { ticket, level, reasons: given });
  } catch (problem) {
    if (problem.kind === "evaluated") return;
    thanks = "tablet.failed";
    if (shown === "thanks") show("thanks", THANKS_MS);
  }
}

byId("reasons").replaceChildren(
  ...reasons.map((reason) => {
    const button = make("button", { type: "button", "aria-pressed": "false" });
    button.dataset.reason = reason;
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    });
    return button;
  }),
);

for (const button of document.querySelectorAll("button[data-level]")) {
  button.addEventListener("click", () => choose(Number(button.dataset.level)));
}
byId("skip").addEventListener("click", () => show("rest"));
byId("send").addEventListener("click", () => {
  if (shown === "why") sendWhy();
});

onLanguage(draw);

followHall(data.hall, {
  onHall: take,
  onRecord(record) {
    // The counter asks once more, perhaps long after the service.
    const again = record.type === "EvaluationInvited" && record.counter === data.counter;
    if (again && Date.now() - Date.parse(record.at) < ASK_MS && shown === "rest") met = null;
  },
  onConnection(connected) {
    byId("connection").hidden = connected;
  },
});

draw();
