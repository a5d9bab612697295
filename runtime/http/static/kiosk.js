// A kiosk: choose a service, see the number, get the paper; then it is the next customer's turn.

import { Problem, get, post } from "./api.js";
import {
  advice,
  because,
  byId,
  currentLanguage,
  data,
  make,
  onLanguage,
  put,
  putNumber,
  setLanguage,
  text,
  waitOf,
} from "./page.js";
import * as checkIn from "./kiosk-checkin.js";
import { MenuPages } from "./kiosk-menu.js";
import { Pad, codeIn } from "./kiosk-pad.js";
import { when } from "./opening.js";
import { followHall } from "./stream.js";

const SHOWN_S = 10; // a number with its paper
const SHOWN_LONG_S = 20; // what has to be read and decided upon
const SHOWN_WITHOUT_PAPER_S = 45; // long enough to find one's phone
const IDLE_S = 60; // after that the screen is as the next customer expects it, and a number typed is gone
const READ_AGAIN_MS = 30000; // services open and close without any event
const PRINT_PATIENCE_MS = 20000; // no word from the printer: the code is shown
const UNPRINTED_SHOWN_MAX = 3;
const OUTCOMES_MAX = 20;
const RESTARTED = "interrupted by a restart"; // says nothing of the printer

const base = `/api/v1/halls/${encodeURIComponent(data.hall)}`;
const views = ["choose", "typing", "busy", "ticket", "failed"];

let hall = null;
let chosen = null; // the service that is asked about
let ticket = null; // what is on the screen
let failure = null; // why it has no paper
let paper = "none"; // none, printing, printed, failed, again (was printed before)
let error = null;
let why = null; // says why there is no ticket where that is known better than by the error
let secondsLeft = 0;
let patience = 0;
let idleSince = Date.now();
let printer = { failure: null, unprinted: [] };
let printsAgain = false; // something was printed since the last failure
const known = new Map(); // tickets without paper, by id
const outcomes = new Map(); // how the last prints ended, by ticket: it may be known before its number is here

function show(name) {
  for (const view of views) byId(view).hidden = view !== name;
  document.body.dataset.view = name;
}

function showing(name) {
  return document.body.dataset.view === name;
}

// -- choosing

const menu = new MenuPages(choose);
const pad = new Pad((kind, typed) => (chosen ? take(chosen, { [kind]: typed }) : takeBooked(kind, typed)));
const scanner = new checkIn.Scanner((typed) => {
  const code = codeIn(typed);
  // A number that was typed fast is no scan.
  if (!code && showing("typing") && pad.complete) return false;
  if (code) {
    takeBooked("code", code);
  } else {
    askForBooking();
    pad.refuse("kiosk.checkin.unknown.code");
  }
  return true;
});

function drawServices() {
  menu.draw(hall);
}

function choose(service) {
  if (!showing("choose")) return;
  chosen = service;
  // Who he is for WeChat nobody can type: the service is refused, and the page says where to take it.
  if (service.identity === "none" || service.identity === "wechat") return take(service);
  show("typing");
  pad.ask([service.identity]);
}

function askForBooking() {
  chosen = null;
  show("typing");
  pad.ask(data.checkIn, "checkin");
}

function backToMenu() {
  pad.clear();
  show("choose");
  drawServices();
}

async function drawUnprinted() {
  const shown = printer.unprinted.slice(-UNPRINTED_SHOWN_MAX);
  for (const id of shown) {
    if (known.has(id)) continue;
    try {
      known.set(id, await get(`${base}/tickets/${encodeURIComponent(id)}`));
    } catch {
      // It is of yesterday, or comes with the next change.
    }
  }
  byId("unprinted-list").replaceChildren(
    ...shown
      .filter((id) => known.has(id))
      .map((id) => {
        const button = make("button", { type: "button", className: "quiet", textContent: known.get(id).number });
        button.addEventListener("click", () => showTicket(known.get(id), "failed", printer.failure ?? ""));
        return make("li", {}, button);
      }),
  );
  byId("unprinted").hidden = byId("unprinted-list").childElementCount === 0;
  const ill = printer.failure && printer.failure !== RESTARTED && !printsAgain;
  byId("trouble").hidden = !ill;
  put(byId("trouble"), ill ? text("kiosk.printer_trouble", { failure: because(printer.failure) }) : "");
}

function take(service, identity = {}) {
  const body = { service: service.id, language: currentLanguage(), kiosk: data.kiosk, ...identity };
  return issue(`${base}/tickets`, body, async (problem) => {
    if (problem.kind === "identity-needed") return fail(problem, () => text("kiosk.identity.wechat"));
    if (problem.kind !== "identity-invalid") return fail(problem);
    show("typing");
    pad.refuse(`kiosk.identity.${service.identity}_wrong`);
  });
}

/** Check in with a booking's code, or with the phone or document that it was made with. */
function takeBooked(kind, typed) {
  return issue(...checkIn.request(kind, typed), async (problem) => {
    if (problem.kind === "identity-invalid" || problem.kind === "unknown-booking") {
      const wrong = problem.kind === "identity-invalid" ? `identity.${kind}_wrong` : `checkin.unknown.${kind}`;
      if (pad.purpose !== "checkin" || pad.kind !== kind) askForBooking();
      show("typing");
      return pad.refuse(`kiosk.${wrong}`);
    }
    const became = problem.kind === "booking-state" && kind === "code" ? await checkIn.whatBecameOf(typed) : {};
    if (became.ticket) showTicket(became.ticket, "again", "");
    else fail(problem, became.why);
  });
}

/** Have a ticket issued and show it; `refused` shows why there is none. */
async function issue(path, body, refused) {
  show("busy");
  try {
    const issued = await post(path, body);
    pad.clear();
    const outcome = outcomes.get(issued.id);
    if (outcome) showTicket(issued, outcome.paper, outcome.failure);
    else showTicket(issued, data.printer ? "printing" : "none", "");
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    await refused(problem);
  }
}

function fail(problem, known = null) {
  pad.clear();
  error = problem;
  why = known;
  show("failed");
  drawError();
  byId("failed-take").hidden = Boolean(chosen);
  byId(chosen ? "failed-done" : "failed-take").focus({ preventScroll: true });
  startCountdown(chosen ? SHOWN_S : SHOWN_LONG_S);
}

function drawError() {
  if (!error) return;
  const again = error.more.opens_at;
  put(byId("failed-title"), text(chosen ? "kiosk.failed" : "kiosk.checkin.failed"));
  const said = again ? text(`refused.${error.kind}.again`, { when: when(again) }) : advice(error);
  put(byId("failed-detail"), why?.() ?? said);
}

// -- the number

function showTicket(shown, state, why) {
  ticket = shown;
  show("ticket");
  setPaper(state, why);
  byId("done").focus({ preventScroll: true });
}

function setPaper(state, why) {
  paper = state;
  failure = why;
  clearTimeout(patience);
  if (state === "printing") {
    patience = setTimeout(() => setPaper("failed", "no word"), PRINT_PATIENCE_MS);
    startCountdown(0);
  } else {
    startCountdown(state === "printed" ? SHOWN_S : SHOWN_WITHOUT_PAPER_S);
  }
  drawTicket();
}

function printEnded(id, state, why) {
  outcomes.delete(id);
  outcomes.set(id, { paper: state, failure: why });
  if (outcomes.size > OUTCOMES_MAX) outcomes.delete(outcomes.keys().next().value);
  if (ticket?.id === id) setPaper(state, why);
  printsAgain = state === "printed";
  drawUnprinted();
}

function drawTicket() {
  if (!ticket) return;
  putNumber(byId("number"), ticket.number);
  const people = ticket.ahead ?? 0;
  const ahead =
    people === 0 ? "kiosk.ahead_none" : people === 1 ? "kiosk.ahead_one" : "kiosk.ahead";
  // Who has an appointment is called by its time, not by the place in the queue.
  const due = ticket.due_at ? text("kiosk.checkin.due", { when: when(ticket.due_at) }) : "";
  put(byId("ahead"), due || text(ahead, { count: people }));
  put(byId("wait"), waitOf(ticket));
  const said = {
    printing: "kiosk.printing",
    printed: "kiosk.printed",
    failed: "kiosk.no_paper",
    none: "kiosk.no_printer",
    again: "kiosk.checkin.again",
  }[paper];
  put(byId("paper"), text(said, { failure: because(failure) }));
  byId("paper").dataset.paper = paper;
  const withCode = paper !== "printing" && paper !== "printed";
  byId("code").hidden = !withCode;
  byId("ticket").classList.toggle("with-code", withCode);
  if (withCode) {
    const image = byId("code-image");
    // With the code that only the paper and this screen show.
    const { pathname, search } = new URL(ticket.scan_url, location.href);
    const address = `${pathname}/qr.svg${search}`;
    if (image.getAttribute("src") !== address) image.setAttribute("src", address);
    image.alt = text("kiosk.scan_alt", { number: ticket.number });
  }
  byId("reprint").hidden = !(paper === "failed" || paper === "again") || !data.printer;
  drawCountdown();
}

async function reprint() {
  const id = ticket.id;
  byId("reprint").disabled = true;
  // At once: how the print ended may be here before the answer is.
  setPaper("printing", "");
  try {
    await post(`${base}/tickets/${encodeURIComponent(id)}/reprint`, { kiosk: data.kiosk });
  } catch (problem) {
    if (ticket?.id === id) setPaper("failed", advice(problem));
  } finally {
    byId("reprint").disabled = false;
  }
}

// -- going back

function startCountdown(seconds) {
  secondsLeft = seconds;
  drawCountdown();
}

function drawCountdown() {
  const said = secondsLeft ? text("kiosk.back_in", { seconds: secondsLeft }) : "";
  put(byId("countdown"), said);
  put(byId("failed-countdown"), said);
}

function backToStart() {
  clearTimeout(patience);
  ticket = error = why = chosen = null;
  secondsLeft = 0;
  pad.clear();
  menu.reset();
  idleSince = Date.now();
  setLanguage(data.language);
  show("choose");
  drawServices();
}

setInterval(() => {
  if (secondsLeft > 0) {
    secondsLeft -= 1;
    if (secondsLeft === 0) backToStart();
    else drawCountdown();
  } else if (Date.now() - idleSince > IDLE_S * 1000) {
    idleSince = Date.now();
    if (showing("typing") || (showing("choose") && (menu.page || currentLanguage() !== data.language))) backToStart();
  }
}, 1000);

setInterval(async () => {
  try {
    const view = await get(base);
    if (!hall || view.seq >= hall.seq) hall = view;
    drawServices();
  } catch {
    // Whoever follows the hall says that the connection is lost.
  }
}, READ_AGAIN_MS);

document.addEventListener("pointerdown", () => (idleSince = Date.now()));
document.addEventListener("keydown", (event) => {
  idleSince = Date.now();
  const scans = checkIn.possible && (showing("choose") || (showing("typing") && pad.purpose === "checkin"));
  if (scans && scanner.key(event)) event.preventDefault();
  else if (showing("typing") && pad.typedOnKeyboard(event)) event.preventDefault();
});
byId("checkin")?.addEventListener("click", askForBooking);
byId("pad-back").addEventListener("click", backToMenu);
byId("failed-take").addEventListener("click", () => {
  startCountdown(0);
  error = why = null;
  backToMenu();
});
byId("done").addEventListener("click", backToStart);
byId("failed-done").addEventListener("click", backToStart);
byId("reprint").addEventListener("click", reprint);

onLanguage(() => {
  drawServices();
  pad.draw();
  drawUnprinted();
  drawTicket();
  drawError();
});

followHall(data.hall, {
  onHall(view) {
    hall = view;
    drawServices();
  },
  onRecord(record) {
    if (record.kiosk !== data.kiosk) return;
    if (record.type === "TicketPrinted") printEnded(record.ticket, "printed", "");
    if (record.type === "TicketPrintFailed") printEnded(record.ticket, "failed", record.failure);
  },
  live: {
    kiosk(changed) {
      if (changed.kiosk !== data.kiosk) return;
      printer = changed;
      drawUnprinted();
    },
  },
  onConnection(connected) {
    byId("connection").hidden = connected;
  },
});

show("choose");
drawServices();
