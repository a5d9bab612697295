// The radio devices of a counter: window, keypad, evaluator and ticket caller.

import { data, make, nameIn, onLanguage, put, text } from "./page.js";
import { deviceOf, draw, following, inHall, named, say, send, worded } from "./devices-parts.js";

const LEVELS = [1, 2, 3, 4, 5];

export function counterCard(hall, counter) {
  const state = make("span", { className: "state" });
  const card = make(
    "section",
    { className: "card counter" },
    make("header", { className: "head" }, named("h3", counter.names), state),
  );
  if (counter.window) card.append(windowDisplay(hall, counter, state));
  if (counter.keypad) card.append(keypad(hall, counter));
  if (counter.evaluator) card.append(evaluator(hall, counter));
  if (counter.caller) card.append(caller(hall, counter));
  card.append(worded("a", "devices.counter_page", { href: inHall(hall.id, "counter", counter.id) }));
  return card;
}

function windowDisplay(hall, counter, state) {
  const shown = make("p", { className: "window-text", "data-window": counter.id });
  const banner = make("p", { className: "banner", "data-banner": counter.id });
  const frame = make("div", { className: "window" }, shown, banner);
  let mode = "";
  const name = () => put(state, mode && text(`devices.window.${mode}`));
  onLanguage(name);
  draw.add((halls) => {
    const found = halls[hall.id].windows[counter.id];
    put(shown, found.text || "\u00a0");
    shown.style.setProperty("--characters", Math.max(5, width(found.text)));
    mode = found.state;
    shown.dataset.state = state.dataset.state = mode;
    const runs = halls[hall.id].banners[counter.id];
    put(banner, runs?.text ?? "");
    frame.style.setProperty("--brightness", (runs?.brightness ?? 100) / 100);
    name();
  });
  return frame;
}

/** How many Latin characters wide a text is. */
function width(shown) {
  return [...shown].reduce((sum, character) => sum + (character > "\u2e7f" ? 2 : 1), 0);
}

function keypad(hall, counter) {
  const screen = make("p", { className: "keypad-screen", role: "status", "data-keypad": counter.id });
  draw.add((halls) => put(screen, halls[hall.id].keypads[counter.id] || "\u00a0"));
  const path = deviceOf(hall, "keypads", counter.id);
  const press = async (pressed) => {
    const answer = await send(path, pressed);
    if (answer && !answer.taken) say(text("devices.busy"));
  };
  const keys = data.keys.map((key) => {
    const button = worded("button", `counter.${key.toLowerCase()}`, { type: "button", "data-key": key });
    button.addEventListener("click", () => press({ key }));
    return button;
  });
  const presets = counter.presets.map((names, index) => {
    const button = make("button", { type: "button", className: "preset", "data-preset": index + 1 });
    following(() => put(button, text("devices.preset", { service: nameIn(names) })));
    button.addEventListener("click", () => press({ key: "TRANSFER", argument: index + 1 }));
    return button;
  });
  return make(
    "div",
    { className: "keypad" },
    screen,
    make("div", { className: "keys" }, ...keys, ...presets),
    login(press),
  );
}

function login(press) {
  const code = make("input", { type: "text", inputMode: "numeric", pattern: "[0-9]{1,9}", required: true, autocomplete: "off" });
  following(() => {
    code.placeholder = text("devices.login");
    code.setAttribute("aria-label", code.placeholder);
  });
  const form = make("form", { className: "login" }, code, worded("button", "devices.log_in", { type: "submit" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    press({ key: "LOGIN", code: Number(code.value) });
    code.value = "";
  });
  return form;
}

function evaluator(hall, counter) {
  const screen = make("p", { className: "keypad-screen", role: "status", "data-evaluator": counter.id });
  let shown = null;
  const show = () => {
    if (shown?.invites) put(screen, text("devices.pad_invites", { number: shown.invites }));
    else put(screen, shown?.display || text("devices.pad_rests"));
  };
  onLanguage(show);
  const reasons = hall.reasons.map((reason) => {
    const button = named("button", reason.names, { type: "button", "aria-pressed": "false", "data-reason": reason.id });
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    });
    return button;
  });
  const levels = LEVELS.map((level) => {
    const button = worded("button", `evaluate.level.${level}`, { type: "button", "data-level": level });
    button.addEventListener("click", async () => {
      const pressed = reasons.filter((reason) => reason.getAttribute("aria-pressed") === "true");
      const answer = await send(deviceOf(hall, "evaluators", counter.id), {
        level,
        reasons: pressed.map((reason) => reason.dataset.reason),
      });
      if (answer && !answer.taken) say(text("devices.pad_busy"));
      for (const reason of reasons) reason.setAttribute("aria-pressed", "false");
    });
    return button;
  });
  draw.add((halls) => {
    shown = halls[hall.id].evaluators[counter.id];
    for (const button of [...levels, ...reasons]) button.disabled = !shown.invites;
    show();
  });
  return make(
    "div",
    { className: "keypad pad" },
    screen,
    make("div", { className: "keys reasons" }, ...reasons),
    make("div", { className: "keys levels" }, ...levels),
  );
}

function caller(hall, counter) {
  const list = make("ol", { className: "announced", "data-caller": counter.id });
  let said = [];
  const show = () => {
    const lines = said.toReversed().map((one) => text("devices.announcement", { number: one.text, buzzer: one.buzzer, voice: one.voice }));
    const items = lines.length ? lines : [text("devices.announced_nothing")];
    list.replaceChildren(...items.map((line) => make("li", { textContent: line })));
  };
  following(show);
  draw.add((halls) => {
    const found = halls[hall.id].callers[counter.id];
    if (JSON.stringify(found) === JSON.stringify(said)) return;
    said = found;
    show();
  });
  return make("div", { className: "caller" }, worded("h4", "devices.announced"), list);
}
