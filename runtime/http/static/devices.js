// The virtual devices: what they show is read a few times a second; keys and switches are sent.

import { Problem, get, post } from "./api.js";
import { advice, byId, data, make, nameIn, onLanguage, put, text } from "./page.js";

const PAUSE_MS = 400;
const HIDDEN_PAUSE_MS = 4000; // nobody looks
const SAID_MS = 6000;
const SWITCHES = ["paper_out", "cover_open", "offline", "silent"];

const draw = new Set(); // each draws one device from the state of its hall
const inHall = (hall, ...parts) => ["/halls", hall, ...parts].map((part, index) => (index ? encodeURIComponent(part) : part)).join("/");

// -- pieces whose text follows the language

function worded(tag, key, attributes = {}, values = {}) {
  const element = make(tag, attributes);
  const name = () => put(element, text(key, values));
  onLanguage(name);
  name();
  return element;
}

function named(tag, names, attributes = {}) {
  const element = make(tag, attributes);
  const name = () => put(element, nameIn(names));
  onLanguage(name);
  name();
  return element;
}

// -- a counter: the window above, the keypad below

function counterCard(hall, counter) {
  const state = make("span", { className: "state" });
  const card = make(
    "section",
    { className: "card counter" },
    make("header", { className: "head" }, named("h3", counter.names), state),
  );
  if (counter.window) card.append(windowDisplay(hall, counter, state));
  if (counter.keypad) card.append(keypad(hall, counter));
  card.append(worded("a", "devices.counter_page", { href: inHall(hall.id, "counter", counter.id) }));
  return card;
}

function windowDisplay(hall, counter, state) {
  const shown = make("p", { className: "window-text", "data-window": counter.id });
  let mode = "";
  const name = () => put(state, mode && text(`devices.window.${mode}`));
  onLanguage(name);
  draw.add((halls) => {
    const found = halls[hall.id].windows[counter.id];
    put(shown, found.text || "\u00a0");
    shown.style.setProperty("--characters", Math.max(5, width(found.text)));
    mode = found.state;
    shown.dataset.state = state.dataset.state = mode;
    name();
  });
  return make("div", { className: "window" }, shown);
}

/** How many Latin characters wide a text is. */
function width(shown) {
  return [...shown].reduce((sum, character) => sum + (character > "\u2e7f" ? 2 : 1), 0);
}

function keypad(hall, counter) {
  const screen = make("p", { className: "keypad-screen", role: "status", "data-keypad": counter.id });
  draw.add((halls) => put(screen, halls[hall.id].keypads[counter.id] || "\u00a0"));
  const path = `/api/v1/devices/${encodeURIComponent(hall.id)}/keypads/${encodeURIComponent(counter.id)}`;
  const keys = data.keys.map((key) => {
    const button = worded("button", `counter.${key.toLowerCase()}`, { type: "button", "data-key": key });
    button.addEventListener("click", async () => {
      const answer = await send(path, { key });
      if (answer && !answer.taken) say(text("devices.busy"));
    });
    return button;
  });
  return make("div", { className: "keypad" }, screen, make("div", { className: "keys" }, ...keys));
}

// -- a printer: its troubles, and the paper that came out

function printerCard(hall, kiosk) {
  const path = `/api/v1/devices/${encodeURIComponent(hall.id)}/printers/${encodeURIComponent(kiosk.id)}`;
  const switches = SWITCHES.map((name) => {
    const box = make("input", { type: "checkbox", "data-switch": name });
    let sending = false; // what is shown meanwhile is older than the click
    box.addEventListener("change", async () => {
      sending = true;
      await send(path, { [name]: box.checked });
      sending = false;
    });
    draw.add((halls) => {
      if (!sending) box.checked = halls[hall.id].printers[kiosk.id][name];
    });
    return make("label", { className: "switch" }, box, worded("span", `devices.${name}`));
  });
  const papers = make("div", { className: "papers", role: "region", tabindex: "0" });
  const label = () => papers.setAttribute("aria-label", text("devices.papers"));
  onLanguage(label);
  label();
  let drawn = "";
  draw.add((halls) => {
    const found = halls[hall.id].printers[kiosk.id].papers;
    const key = JSON.stringify(found);
    if (key === drawn) return;
    drawn = key;
    papers.replaceChildren(...(found.length ? found.toReversed().map(ticketPaper) : [noPaper()]));
  });
  return make(
    "section",
    { className: "card printer" },
    make(
      "header",
      { className: "head" },
      named("h3", kiosk.names),
      worded("a", "devices.kiosk_page", { href: inHall(hall.id, "kiosk", kiosk.id) }),
    ),
    make("div", { className: "switches", role: "group" }, ...switches),
    make("div", { className: "slot" }),
    papers,
  );
}

function noPaper() {
  return worded("p", "devices.no_papers", { className: "soft" });
}

function ticketPaper(paper) {
  const lines = paper.lines.map((line) =>
    /^-+$/.test(line)
      ? make("hr")
      : make("p", { textContent: line || "\u00a0", className: line === paper.number ? "paper-number" : "" }),
  );
  const above = lines.findLastIndex((line) => line.tagName === "HR");
  lines.splice(above < 0 ? lines.length : above, 0, ...paper.codes.map(scannable));
  return make("article", { className: "paper" }, ...lines);
}

/** A ticket's QR code, as a link to what it leads to: here the browser is the phone. */
function scannable(code) {
  const { pathname, search } = new URL(code, location.href);
  const image = make("img", { src: `${pathname}/qr.svg${search}`, alt: code, width: "120", height: "120" });
  return make("a", { href: pathname + search, className: "paper-code" }, image);
}

// -- the page

function layout() {
  for (const hall of data.halls) {
    byId("halls").append(
      make(
        "header",
        { className: "head" },
        named("h2", hall.names),
        worded("a", "devices.display_page", { href: inHall(hall.id, "display") }),
      ),
      make("div", { className: "row" }, ...hall.counters.map((counter) => counterCard(hall, counter))),
      make("div", { className: "row" }, ...hall.kiosks.map((kiosk) => printerCard(hall, kiosk))),
    );
  }
}

async function send(path, body) {
  try {
    return await post(path, body);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    say(advice(problem));
    return null;
  }
}

let saidAt = 0;

function say(sentence) {
  put(byId("said"), sentence);
  saidAt = Date.now();
}

async function follow() {
  for (;;) {
    try {
      const halls = await get("/api/v1/devices");
      byId("connection").hidden = true;
      for (const device of draw) device(halls);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      byId("connection").hidden = false;
    }
    if (Date.now() - saidAt > SAID_MS) put(byId("said"), "");
    await new Promise((resolve) => setTimeout(resolve, document.hidden ? HIDDEN_PAUSE_MS : PAUSE_MS));
  }
}

layout();
follow();
