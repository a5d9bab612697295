// The phones of a stand-in of WeChat: what they show is read each second; what people do is sent.

import { Problem, get } from "./api.js";
import { byId, make, onLanguage, put, text } from "./page.js";
import { hush, say, send } from "./devices-parts.js";
import { clockTime, phoneCard } from "./phones-card.js";
import { showTroubles } from "./phones-troubles.js";

const PAUSE_MS = 1000;
const HIDDEN_PAUSE_MS = 4000; // nobody looks

const cards = new Map(); // by the person's name
let last = null;

function showPeople(state) {
  for (const person of state.people) {
    let card = cards.get(person.name);
    if (!card) {
      card = phoneCard(person.name, look);
      cards.set(person.name, card);
      byId("people").append(card.element);
    }
    card.show(person, state);
  }
}

let codesShown = "";

function showCodes({ codes }) {
  const scenes = [...new Set(codes.map(({ scene }) => scene))];
  const key = scenes.join("\n");
  if (key === codesShown) return;
  codesShown = key;
  byId("codes").replaceChildren(...scenes.map((scene) => make("option", { value: scene })));
}

let callbacksShown = "";

function showCallbacks({ callbacks }) {
  const lines = callbacks.map(({ what, outcome, attempts, reason, at_s }) => {
    const ended = text(`phones.outcome.${outcome}`, { attempts });
    return { at: clockTime(at_s), what, ended: reason ? `${ended}: ${reason}` : ended, outcome };
  });
  const key = JSON.stringify(lines);
  if (key === callbacksShown) return;
  callbacksShown = key;
  const none = make("li", { className: "soft", textContent: text("phones.no_callbacks") });
  const items = lines.map(({ at, what, ended, outcome }) =>
    make(
      "li",
      { "data-outcome": outcome },
      make("time", { textContent: at }),
      make("code", { textContent: what }),
      make("span", { textContent: ended }),
    ),
  );
  byId("callbacks").replaceChildren(...(items.length ? items : [none]));
}

function show() {
  if (!last) return;
  showPeople(last);
  showCodes(last);
  showCallbacks(last);
  showTroubles(last.troubles, look);
}

async function look() {
  try {
    last = await get("/phones/state");
    byId("connection").hidden = true;
    show();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    byId("connection").hidden = false;
  }
}

byId("appear").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = byId("name").value.trim();
  if (!name) return;
  if (await send(`/phones/${encodeURIComponent(name)}/appear`, {})) {
    byId("name").value = "";
    await look();
    cards.get(name)?.element.scrollIntoView({ block: "nearest" });
    put(byId("said"), "");
  } else if (!byId("said").textContent) {
    say(text("error.other", { detail: name }));
  }
});

async function follow() {
  for (;;) {
    await look();
    hush();
    await new Promise((resolve) => setTimeout(resolve, document.hidden ? HIDDEN_PAUSE_MS : PAUSE_MS));
  }
}

onLanguage(show);
follow();
