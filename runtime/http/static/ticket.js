// A customer's ticket: asks how it stands now and then, more often when it is nearly due.

import { get } from "./api.js";
import { byId, currentLanguage, data, languageTag, nameIn, onLanguage, put, putNumber, text, waitOf } from "./page.js";
import { showEvaluation } from "./ticket-evaluation.js";

const NEAR_AHEAD = 3;
const NEAR_MS = 3000;
const FAR_MS = 8000;
const STALE_MS = 30000;

const path = `/api/v1/halls/${encodeURIComponent(data.hall)}/tickets/${encodeURIComponent(data.ticket.id)}`;
const counterNames = new Map(data.counters.map((counter) => [counter.id, counter.names]));
const CLOSED = { waiting: "ticket.closed", held: "ticket.closed", cancelled: "ticket.closed_cancelled" };
const ENDED = new Set(["served", "no_show", "cancelled", "expired"]);

let ticket = data.ticket;
let readAt = Date.now();
let timer = 0;

function sentence() {
  const counter = nameIn(counterNames.get(ticket.counter) ?? {}) || ticket.counter;
  if (ticket.state !== "waiting") return text(`ticket.${ticket.state}`, { counter });
  if (ticket.ahead === 0) return text("ticket.waiting_none");
  return text(ticket.ahead === 1 ? "ticket.waiting_one" : "ticket.waiting", { count: ticket.ahead });
}

function draw() {
  document.body.dataset.state = ticket.state;
  putNumber(byId("number"), ticket.number);
  put(byId("state"), text(`state.${ticket.state}`));
  put(byId("sentence"), sentence());
  const closed = ticket.closure === null ? undefined : CLOSED[ticket.state];
  put(byId("closed"), closed ? text(closed, { reason: ticket.closure || text("ticket.closed_reason") }) : "");
  put(byId("wait"), ticket.state === "waiting" ? waitOf(ticket) : "");
  const time = (at) =>
    new Intl.DateTimeFormat(languageTag(currentLanguage()), {
      timeZone: data.timeZone,
      hour: "2-digit",
      minute: "2-digit",
    }).format(at);
  put(byId("taken-at"), time(Date.parse(ticket.taken_at)));
  const stale = Date.now() - readAt > STALE_MS;
  const ended = ENDED.has(ticket.state);
  put(byId("follows"), ended ? "" : stale ? text("ticket.stale", { time: time(readAt) }) : text("ticket.live"));
  byId("follows").dataset.stale = String(stale && !ended);
  document.title = `${ticket.number} · ${text(`state.${ticket.state}`)}`;
}

async function refresh() {
  clearTimeout(timer);
  try {
    const before = ticket;
    ticket = await get(path);
    readAt = Date.now();
    const calledAnew = ticket.state === "called" && (before.state !== "called" || ticket.recalls > before.recalls);
    // Before anybody has touched the page a browser does not vibrate, and calls that an error.
    const touched = navigator.userActivation?.hasBeenActive ?? true;
    if (calledAnew && touched) navigator.vibrate?.([300, 150, 300]);
  } catch (problem) {
    if (problem.kind === "unknown-ticket") ticket = { ...ticket, state: "expired" };
  }
  draw();
  showEvaluation(ticket, refresh);
  if (!ENDED.has(ticket.state) && !document.hidden) {
    const near = ticket.state !== "waiting" || ticket.ahead <= NEAR_AHEAD;
    timer = setTimeout(refresh, (near ? NEAR_MS : FAR_MS) * (0.8 + 0.4 * Math.random()));
  }
}

// A phone in a pocket asks nothing; looked at again, it asks at once.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !ENDED.has(ticket.state)) refresh();
});

onLanguage(draw);
draw();
showEvaluation(ticket, refresh);
timer = setTimeout(refresh, NEAR_MS);
