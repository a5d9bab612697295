// The virtual devices: what they show is read a few times a second; keys and switches are sent.

import { get, post, Problem } from "./api.js";
import { advice, byId, data, make, onLanguage, put, text } from "./page.js";

const PAUSE_MS = 400;
const SWITCHES = ["paper_out", "cover_open", "offline", "silent"];

const shown = new Map();

function keypad(hall, counter) {
  const screen = make("p", { className: "keypad-screen", role: "status" });
  const windowText = make("p", { className: "window-text" });
  const keys = data.keys.map((key) => {
    const button = make("button", { type: "button", className: "key", "data-text": `devices.key.${key}` });
    button.addEventListener("click", () => send(`/api/v1/devices/${hall}/keypads/${counter}`, { key }));
    return button;
  });
  shown.set(`${hall}/keypad/${counter}`, screen);
  shown.set(`${hall}/window/${counter}`, windowText);
  return make(
    "section",
    { className: "card counter" },
    make("h3", { "data-text": "devices.counter", "data-value": counter }),
    make("div", { className: "window" }, windowText),
    make("div", { className: "keypad" }, screen, make("div", { className: "keys" }, ...keys)),
  );
}

function printer(hall, kiosk) {
  const papers = make("div", { className: "papers" });
  const boxes = SWITCHES.map((name) => {
    const box = make("input", { type: "checkbox", id: `${hall}-${kiosk}-${name}` });
    box.addEventListener("change", () =>
      send(`/api/v1/devices/${hall}/printers/${kiosk}`, { [name]: box.checked }),
    );
    shown.set(`${hall}/switch/${kiosk}/${name}`, box);
    return make("label", {}, box, make("span", { "data-text": `devices.${name}` }));
  });
  shown.set(`${hall}/papers/${kiosk}`, papers);
  return make(
    "section",
    { className: "card printer" },
    make("h3", { "data-text": "devices.printer", "data-value": kiosk }),
    make("div", { className: "switches" }, ...boxes),
    papers,
  );
}

function layout() {
  for (const hall of data.halls) {
    byId("halls").append(
      make("h2", { textContent: hall.id }),
      make("div", { className: "devices-row" }, ...hall.counters.map((counter) => keypad(hall.id, counter))),
      make("div", { className: "devices-row" }, ...hall.kiosks.map((kiosk) => printer(hall.id, kiosk))),
    );
  }
}

function name() {
  for (const element of document.querySelectorAll("#halls [data-text]")) {
    element.textContent = text(element.dataset.text, { name: element.dataset.value ?? "" });
  }
}

function showPapers(element, papers) {
  const key = JSON.stringify(papers);
  if (element.dataset.key === key) return;
  element.dataset.key = key;
  element.replaceChildren(
    ...papers.toReversed().map((paper) =>
      make(
        "article",
        { className: "paper" },
        ...paper.lines.map((line) =>
          make("p", { textContent: line || "\u00a0", className: line === paper.number ? "paper-number" : "" }),
        ),
        ...paper.codes.map((code) => make("a", { href: code, textContent: code })),
      ),
    ),
  );
}

function show(state) {
  for (const [hall, devices] of Object.entries(state)) {
    for (const [counter, display] of Object.entries(devices.keypads)) {
      put(shown.get(`${hall}/keypad/${counter}`), display || "\u00a0");
    }
    for (const [counter, { text: said, state: mode }] of Object.entries(devices.windows)) {
      const element = shown.get(`${hall}/window/${counter}`);
      if (!element) continue;
      put(element, said || "\u00a0");
      element.dataset.state = mode;
    }
    for (const [kiosk, found] of Object.entries(devices.printers)) {
      showPapers(shown.get(`${hall}/papers/${kiosk}`), found.papers);
      for (const name of SWITCHES) shown.get(`${hall}/switch/${kiosk}/${name}`).checked = found[name];
    }
  }
}

async function send(path, body) {
  try {
    await post(path, body);
  } catch (error) {
    say(error);
  }
}

function say(error) {
  const line = byId("connection");
  line.textContent = error instanceof Problem ? advice(error) : String(error);
  line.hidden = false;
}

async function follow() {
  for (;;) {
    try {
      show(await get("/api/v1/devices"));
      byId("connection").hidden = true;
    } catch (error) {
      say(error);
    }
    await new Promise((resolve) => setTimeout(resolve, document.hidden ? PAUSE_MS * 10 : PAUSE_MS));
  }
}

layout();
name();
onLanguage(name);
follow();
