// A customer's ticket, as it is now.

import { byId, currentLanguage, data, languageTag, nameIn, onLanguage, put, putNumber, text, waitOf } from "./page.js";
import { when } from "./opening.js";
import { showEvaluation } from "./ticket-evaluation.js";
import { ENDED, TicketLive } from "./ticket-live.js";
import { showOwn } from "./ticket-own.js";

const STALE_MS = 30000;

const path = `/api/v1/halls/${encodeURIComponent(data.hall)}/tickets/${encodeURIComponent(data.ticket.id)}`;
const counterNames = new Map(data.counters.map((counter) => [counter.id, counter.names]));
const CLOSED = { waiting: "ticket.closed", held: "ticket.closed", cancelled: "ticket.closed_cancelled" };

function sentence(ticket) {
  const counter = nameIn(counterNames.get(ticket.counter) ?? {}) || ticket.counter;
  if (ticket.state !== "waiting") return text(`ticket.${ticket.state}`, { counter });
  if (ticket.ahead === 0) return text("ticket.waiting_none");
  return text(ticket.ahead === 1 ? "ticket.waiting_one" : "ticket.waiting", { count: ticket.ahead });
}

function time(at) {
  const format = { timeZone: data.timeZone, hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(languageTag(currentLanguage()), format).format(at);
}

function draw() {
  const { ticket, heardAt } = live;
  document.body.dataset.state = ticket.state;
  putNumber(byId("number"), ticket.number);
  put(byId("state"), text(`state.${ticket.state}`));
  put(byId("sentence"), sentence(ticket));
  byId("due").hidden = !ticket.due_at;
  put(byId("due"), ticket.due_at ? text("kiosk.checkin.due", { when: when(ticket.due_at) }) : "");
  const closed = ticket.closure === null ? undefined : CLOSED[ticket.state];
  put(byId("closed"), closed ? text(closed, { reason: ticket.closure || text("ticket.closed_reason") }) : "");
  put(byId("wait"), ticket.state === "waiting" ? waitOf(ticket) : "");
  put(byId("taken-at"), time(Date.parse(ticket.taken_at)));
  const stale = Date.now() - heardAt > STALE_MS;
  const ended = ENDED.has(ticket.state);
  put(byId("follows"), ended ? "" : stale ? text("ticket.stale", { time: time(heardAt) }) : text("ticket.live"));
  byId("follows").dataset.stale = String(stale && !ended);
  document.title = `${ticket.number} · ${text(`state.${ticket.state}`)}`;
}

const again = () => live.read();

function show(ticket) {
  draw();
  showEvaluation(ticket, again);
  showOwn(ticket, again);
}

const live = new TicketLive(path, data.ticket, {
  onTicket: show,
  onTurn() {
    // Before anybody has touched the page a browser does not vibrate, and calls that an error.
    if (navigator.userActivation?.hasBeenActive ?? true) navigator.vibrate?.([300, 150, 300]);
  },
});

onLanguage(draw);
show(data.ticket);
