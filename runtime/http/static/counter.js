// A counter's screen for its staff: who is there, who waits, and the steps that are possible now.

import { Problem, post } from "./api.js";
import { listQueue } from "./counter-queue.js";
import {
  advice,
  because,
  byId,
  currentLanguage,
  data,
  make,
  nameIn,
  onLanguage,
  put,
  putNumber,
  text,
} from "./page.js";
import { followHall } from "./stream.js";

const own = data.counters.find((counter) => counter.id === data.counter);
const base = `/api/v1/halls/${encodeURIComponent(data.hall)}`;
const counterPath = `${base}/counters/${encodeURIComponent(data.counter)}`;
const serviceNames = new Map(data.services.map((service) => [service.id, service.names]));

let hall = null;
let busy = false;
let alarms = [];
let said = null; // says the last message in the language chosen
let saidUntil = 0;

const SAID_MS = 8000; // then it may be about the customer before

const KEYS = {
  n: "next",
  r: "recall",
  s: "start",
  f: "finish",
  x: "no-show",
  h: "hold",
  t: "transfer",
  b: "requeue",
  a: "reactivate",
  e: "invite",
  w: "staff",
  o: "open",
  p: "pause",
  c: "close",
};
const SHORTCUTS = "paihao-shortcuts";

const lists = listQueue(counterPath, serviceNames, (name, ticket) => {
  if (name === "call") step(name, { ticket: ticket.id }, ticket);
  else step(name, {}, ticket);
});
lists.onChange(() => draw());

const buttons = new Map(
  [...document.querySelectorAll("button[data-step]")].map((button) => [button.dataset.step, button]),
);

function counter() {
  return hall?.counters.find((candidate) => candidate.id === data.counter) ?? null;
}

// -- what is possible

function possible(step) {
  const at = counter();
  if (!at || busy) return false;
  const state = at.ticket?.state;
  switch (step) {
    case "next":
      return true;
    case "recall":
    case "start":
    case "no-show":
      return state === "called";
    case "finish":
    case "hold":
    case "transfer":
    case "requeue":
      return state === "called" || state === "serving";
    case "reactivate":
      return Boolean(lists.queue()?.ended.length);
    case "invite":
      return lists.queue()?.last?.evaluated === false;
    case "staff":
      return true;
    case "open":
      return at.mode !== "open";
    case "pause":
      return !at.ticket && at.mode !== "paused";
    case "close":
      return !at.ticket && at.mode !== "closed";
    default:
      return false;
  }
}

// -- drawing

function draw() {
  const at = counter();
  for (const [step, button] of buttons) {
    // Not `disabled`: a button that has the focus would lose it at each step.
    button.setAttribute("aria-disabled", String(!possible(step)));
  }
  lists.mark(!at || busy);
  if (!at) return;
  const mode = byId("mode");
  put(mode, text(`mode.${at.mode}`) + (at.reason ? ` · ${at.reason}` : ""));
  mode.dataset.mode = at.mode;
  put(byId("staff"), at.staff ? text("counter.staff_at", { name: at.staff.name ?? at.staff.id }) : "");
  const { served, evaluated, mean_level: mean } = at.today;
  put(byId("today"), text(mean === null ? "counter.today" : "counter.today_mean", { served, evaluated, mean }));
  drawTicket(at.ticket);
  drawWaiting(at);
}

function drawTicket(ticket) {
  byId("no-ticket").hidden = Boolean(ticket);
  byId("ticket").hidden = !ticket;
  if (!ticket) return;
  putNumber(byId("number"), ticket.number);
  put(byId("service"), nameIn(serviceNames.get(ticket.service) ?? {}));
  const state = byId("state");
  put(state, text(`state.${ticket.state}`));
  state.dataset.state = ticket.state;
  put(byId("recalls"), ticket.recalls ? text("counter.recalls", { count: ticket.recalls }) : "");
  const note = lists.queue()?.note ?? "";
  byId("note-line").hidden = !note;
  put(byId("note"), note);
  drawElapsed(ticket);
}

function drawElapsed(ticket) {
  const started = ticket.started_at !== null;
  const since = Date.parse(started ? ticket.started_at : ticket.called_at);
  const seconds = Math.max(0, Math.floor((Date.now() - since) / 1000));
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  put(byId("elapsed"), clock);
  put(byId("elapsed-of"), text(started ? "counter.since_started" : "counter.since_called"));
}

function drawWaiting(at) {
  const rows = hall.services
    .filter((service) => own.services.includes(service.id))
    .sort((one, other) => own.services.indexOf(one.id) - own.services.indexOf(other.id))
    .map((service) => {
      const name = make("th", { scope: "row", textContent: nameIn(service.names) });
      if (service.closure !== null) {
        const said = text(service.closure ? "counter.closed_because" : "counter.closed_today", { reason: service.closure });
        name.append(make("small", { className: "closed", textContent: said }));
      }
      return make("tr", {}, name, make("td", { textContent: String(service.waiting) }));
    });
  byId("waiting").replaceChildren(...rows);
  put(byId("total"), String(at.waiting));
  document.title = `${at.ticket ? `${at.ticket.number} · ` : ""}${nameIn(own.names)} (${at.waiting})`;
}

function drawAlarms() {
  byId("alarms").hidden = alarms.length === 0;
  byId("alarm-list").replaceChildren(
    ...alarms.map((alarm) =>
      make("li", {}, make("strong", { textContent: alarmName(alarm.alarm) }), ` ${because(alarm.detail)}`),
    ),
  );
}

/** What an alarm is about: its name is a kind and what it befell, such as printer/k1. */
function alarmName(alarm) {
  const [kind, ...name] = alarm.split("/");
  const key = `alarm.${kind}`;
  const shown = text(key, { name: name.join("/") });
  return shown === key ? alarm : shown;
}

function say(key, values = {}) {
  said = () => text(key, values);
  drawSaid(false);
}

function sayProblem(problem) {
  // The server's own words name the ticket; they are in English.
  said = () =>
    problem.kind !== "network" && currentLanguage() === "en"
      ? problem.message
      : text("error.other", { detail: advice(problem) });
  drawSaid(true);
}

function drawSaid(wrong) {
  if (!said) return;
  const line = byId("said");
  if (wrong !== undefined) {
    line.dataset.wrong = String(wrong);
    saidUntil = Date.now() + SAID_MS;
  }
  line.textContent = said();
}

function unsay() {
  said = null;
  put(byId("said"), "");
  delete byId("said").dataset.wrong;
}

// -- steps

const DONE = {
  hold: "counter.held_done",
  transfer: "counter.transferred",
  requeue: "counter.requeued",
  resume: "counter.resumed",
  reactivate: "counter.reactivated",
  recall: "counter.recalled",
  start: "counter.started",
  finish: "counter.finished",
  "no-show": "counter.no_show_done",
  open: "counter.opened",
  pause: "counter.paused",
  close: "counter.closed",
};

const OF_TICKET = new Set([
  "recall",
  "start",
  "finish",
  "no-show",
  "hold",
  "resume",
  "requeue",
  "transfer",
  "reactivate",
]);

/** Take a step of the counter, or of `ticket`: the one that it has, or one of the lists. */
async function step(name, body = {}, ticket = counter()?.ticket) {
  if (!counter() || busy) return;
  const path = OF_TICKET.has(name)
    ? `${base}/tickets/${encodeURIComponent(ticket.id)}/${name}`
    : `${counterPath}/${name === "staff" ? "open" : name}`;
  busy = true;
  draw();
  try {
    const answer = await post(path, body);
    if (name === "next" || name === "call") {
      if (answer.ticket) say("counter.called", { number: answer.ticket.number });
      else say("counter.nobody");
    } else if (name === "invite") {
      say("counter.invited", { number: lists.queue()?.last?.number ?? "" });
    } else if (name === "staff") {
      say("counter.logged_in", { name: body.staff });
    } else {
      say(DONE[name], { number: ticket?.number ?? "" });
    }
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    sayProblem(problem);
  } finally {
    busy = false;
    draw();
  }
}

/** What a dialog's fields say, without those that were left empty. */
function saidIn(form) {
  const given = new FormData(form);
  return Object.fromEntries(
    [...given].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value),
  );
}

const DIALOGS = {
  pause: ({ reason }) => (reason ? { reason } : {}),
  hold: ({ note }) => (note ? { note } : {}),
  transfer({ service, counter, note, back }) {
    const body = { back: Boolean(back) };
    if (service) body.to_service = service;
    if (counter) body.to_counter = counter;
    if (note) body.note = note;
    return body;
  },
  requeue: ({ place, after }) => (place === "after" ? { place, after: Number(after ?? 0) } : { place }),
  staff: ({ staff }) => ({ staff }),
};

let meant = null; // the ticket that a dialog is about: another may be there when it is closed

function choose(name) {
  if (!possible(name)) return;
  if (name in DIALOGS) {
    const dialog = byId(`${name}-dialog`);
    dialog.querySelector("form").reset();
    dialog.returnValue = "";
    meant = counter().ticket;
    showPlace();
    dialog.showModal();
  } else if (name === "reactivate") {
    step(name, {}, lists.queue().ended[0]);
  } else {
    step(name);
  }
}

for (const [name, body] of Object.entries(DIALOGS)) {
  const dialog = byId(`${name}-dialog`);
  dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close("cancel"));
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "done") step(name, body(saidIn(dialog.querySelector("form"))), meant);
  });
}

function showPlace() {
  byId("requeue-after-line").hidden = byId("requeue-place").value !== "after";
}

byId("requeue-place").addEventListener("change", showPlace);

for (const [name, button] of buttons) button.addEventListener("click", () => choose(name));

// -- keys: single letters, which can be turned off (WCAG 2.1.4)

const shortcuts = byId("shortcuts");
shortcuts.checked = localStorage.getItem(SHORTCUTS) !== "off";
document.body.dataset.shortcuts = shortcuts.checked ? "on" : "off";
shortcuts.addEventListener("change", () => {
  localStorage.setItem(SHORTCUTS, shortcuts.checked ? "on" : "off");
  document.body.dataset.shortcuts = shortcuts.checked ? "on" : "off";
});

document.addEventListener("keydown", (event) => {
  if (!shortcuts.checked || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
  const name = KEYS[event.key.toLowerCase()];
  if (!name) return;
  event.preventDefault();
  choose(name);
});

setInterval(() => {
  const ticket = counter()?.ticket;
  if (ticket) drawElapsed(ticket);
  if (said && Date.now() > saidUntil) unsay();
}, 1000);

onLanguage(() => {
  draw();
  drawSaid();
  drawAlarms();
});

followHall(data.hall, {
  onHall(view) {
    hall = view;
    draw();
    lists.refresh(counter()?.waiting ?? 0);
  },
  live: {
    alarms(changed) {
      alarms = changed.alarms;
      drawAlarms();
    },
  },
  onConnection(connected) {
    byId("connection").hidden = connected;
  },
});

draw();
