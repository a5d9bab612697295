// A kiosk: choose a service, see the number, get the paper; then it is the next customer's turn.

import { Problem, get, post } from "./api.js";
import { advice, byId, currentLanguage, data, make, nameIn, onLanguage, put, putNumber, setLanguage, text } from "./page.js";
import { followHall } from "./stream.js";

const SHOWN_S = 10; // a number with its paper
const SHOWN_WITHOUT_PAPER_S = 45; // long enough to find one's phone
const IDLE_S = 60; // after that the language goes back to the hall's own
const PRINT_PATIENCE_MS = 20000; // no word from the printer: the code is shown
const UNPRINTED_SHOWN_MAX = 3;

const base = `/api/v1/halls/${encodeURIComponent(data.hall)}`;
const views = ["choose", "busy", "ticket", "failed"];

let hall = null;
let ticket = null; // what is on the screen
let failure = null; // why it has no paper
let paper = "none"; // none, printing, printed, failed
let error = null;
let secondsLeft = 0;
let patience = 0;
let idleSince = Date.now();
let printer = { failure: null, unprinted: [] };
const known = new Map(); // tickets without paper, by id

function show(name) {
  for (const view of views) byId(view).hidden = view !== name;
  document.body.dataset.view = name;
}

function showing(name) {
  return document.body.dataset.view === name;
}

// -- choosing

function drawServices() {
  const waiting = new Map((hall?.services ?? []).map((service) => [service.id, service.waiting]));
  const list = byId("services");
  if (list.childElementCount !== data.services.length) {
    list.replaceChildren(
      ...data.services.map((service) => {
        const button = make("button", { type: "button", className: "service" });
        button.append(make("span", { className: "service-name" }), make("span", { className: "service-waiting" }));
        button.addEventListener("click", () => take(service.id));
        return make("li", {}, button);
      }),
    );
  }
  data.services.forEach((service, index) => {
    const [name, count] = list.children[index].firstChild.children;
    put(name, nameIn(service.names));
    const people = waiting.get(service.id);
    put(count, people === undefined ? "" : people ? text("kiosk.waiting", { count: people }) : text("kiosk.nobody"));
  });
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
  const trouble = byId("trouble");
  trouble.hidden = !printer.failure;
  put(trouble, printer.failure ? text("kiosk.printer_trouble", { failure: printer.failure }) : "");
}

async function take(service) {
  if (!showing("choose")) return;
  show("busy");
  try {
    const issued = await post(`${base}/tickets`, {
      service,
      language: currentLanguage(),
      kiosk: data.kiosk,
    });
    showTicket(issued, data.printer ? "printing" : "none", "");
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    error = problem;
    show("failed");
    drawError();
    startCountdown(SHOWN_S);
  }
}

function drawError() {
  if (!error) return;
  put(byId("failed-detail"), advice(error));
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
    patience = setTimeout(() => setPaper("failed", "…"), PRINT_PATIENCE_MS);
    startCountdown(0);
  } else {
    startCountdown(state === "printed" ? SHOWN_S : SHOWN_WITHOUT_PAPER_S);
  }
  drawTicket();
}

function drawTicket() {
  if (!ticket) return;
  putNumber(byId("number"), ticket.number);
  const people = ticket.ahead ?? 0;
  const ahead =
    people === 0 ? "kiosk.ahead_none" : people === 1 ? "kiosk.ahead_one" : "kiosk.ahead";
  put(byId("ahead"), text(ahead, { count: people }));
  const said = {
    printing: "kiosk.printing",
    printed: "kiosk.printed",
    failed: "kiosk.no_paper",
    none: "kiosk.no_printer",
  }[paper];
  put(byId("paper"), text(said, { failure }));
  byId("paper").dataset.paper = paper;
  const withCode = paper === "failed" || paper === "none";
  byId("code").hidden = !withCode;
  if (withCode) {
    const image = byId("code-image");
    const address = `/t/${encodeURIComponent(data.hall)}/${encodeURIComponent(ticket.id)}/qr.svg`;
    if (image.getAttribute("src") !== address) image.setAttribute("src", address);
    image.alt = text("kiosk.scan_alt", { number: ticket.number });
  }
  byId("reprint").hidden = paper !== "failed" || !data.printer;
  drawCountdown();
}

async function reprint() {
  const id = ticket.id;
  byId("reprint").disabled = true;
  try {
    await post(`${base}/tickets/${encodeURIComponent(id)}/reprint`, { kiosk: data.kiosk });
    if (ticket?.id === id && paper === "failed") setPaper("printing", "");
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
  ticket = error = null;
  secondsLeft = 0;
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
  } else if (showing("choose") && Date.now() - idleSince > IDLE_S * 1000 && currentLanguage() !== data.language) {
    setLanguage(data.language);
  }
}, 1000);

document.addEventListener("pointerdown", () => (idleSince = Date.now()));
byId("done").addEventListener("click", backToStart);
byId("failed-done").addEventListener("click", backToStart);
byId("reprint").addEventListener("click", reprint);

onLanguage(() => {
  drawServices();
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
    if (!ticket || record.ticket !== ticket.id) return;
    if (record.type === "TicketPrinted") setPaper("printed", "");
    if (record.type === "TicketPrintFailed") setPaper("failed", record.failure);
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
