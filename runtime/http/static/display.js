// The hall's large screen: the call of this moment, the calls before it, who waits. In all its languages at once.

import { unavailable } from "./opening.js";
import { byId, data, make, nameIn, put, putNumber, text, languageTag } from "./page.js";
import { followHall } from "./stream.js";
import { allowSound, chime, speak } from "./voice.js";

const QUEUE_MAX = 50; // announcements that wait for sound; the oldest is dropped, its number is on the screen
const CALLS_MAX = 8;
const SOUND = "paihao-sound";

const languages = data.languages.slice(0, 2);
const counterNames = new Map(data.counters.map((counter) => [counter.id, counter.names]));

const queue = [];
let announcing = false;
let current = null; // the call in large type
let calls = [];
const sound = localStorage.getItem(SOUND) !== "off";
let sounding = false;

// -- announcements: one ends before the next begins

function announce(call) {
  queue.push(call);
  if (queue.length > QUEUE_MAX) queue.shift();
  if (!announcing) run();
}

async function run() {
  announcing = true;
  while (queue.length) {
    const call = queue.shift();
    current = call;
    drawCurrent(true);
    drawCalls();
    const shown = new Promise((resolve) => setTimeout(resolve, call.duration_s * 1000));
    if (sounding) {
      await chime();
      for (const language of languages) {
        const spelt = [...call.number].join(" ");
        const counter = nameIn(counterNames.get(call.counter) ?? {}, language) || call.counter;
        await speak(text("display.speech", { number: spelt, counter }, language), languageTag(language));
      }
    }
    await shown;
  }
  announcing = false;
  drawCurrent(false);
}

// -- drawing

function drawCurrent(fresh) {
  const here = current && (announcing || calls.some((call) => same(call, current)));
  byId("call").hidden = !here;
  byId("no-call").hidden = Boolean(here);
  if (!here) return;
  putNumber(byId("number"), current.number);
  const names = counterNames.get(current.counter) ?? {};
  byId("counter").replaceChildren(
    ...inLanguages((language) => nameIn(names, language) || current.counter),
  );
  if (fresh) {
    const panel = byId("now");
    panel.classList.remove("fresh");
    void panel.offsetWidth; // begin the animation anew
    panel.classList.add("fresh");
  }
}

const same = (one, other) => one.number === other.number && one.counter === other.counter;

function drawCalls() {
  byId("calls").replaceChildren(
    ...calls.slice(0, CALLS_MAX).map((call) => {
      const names = counterNames.get(call.counter) ?? {};
      const row = make(
        "tr",
        {},
        make("th", { scope: "row", textContent: call.number }),
        make(
          "td",
          {},
          ...inLanguages((language) => nameIn(names, language) || call.counter),
        ),
      );
      if (current && same(call, current)) row.className = "current";
      return row;
    }),
  );
}

function drawHall(hall) {
  const closed = inLanguages((language) => unavailable(hall, language));
  byId("closed").hidden = hall.open;
  byId("closed").replaceChildren(...(hall.open ? [] : closed));
  byId("waiting").replaceChildren(
    ...hall.services.map((service) =>
      make(
        "li",
        {},
        make(
          "span",
          { className: "names" },
          ...inLanguages((language) => nameIn(service.names, language)),
        ),
        make("strong", { textContent: String(service.waiting) }),
        ...closedService(hall, service),
      ),
    ),
  );
}

/** That a service is closed or full, said where the hall itself is open. */
function closedService(hall, service) {
  if (!hall.open || !unavailable(service)) return [];
  return [make("span", { className: "closed" }, ...inLanguages((language) => unavailable(service, language)))];
}

function inLanguages(say) {
  return languages.map((language, index) =>
    make("span", {
      className: index ? "second" : "first",
      lang: languageTag(language),
      textContent: say(language),
    }),
  );
}

function drawClock() {
  const now = new Intl.DateTimeFormat(languageTag(languages[0]), {
    timeZone: data.timeZone,
    hour: "2-digit",
    minute: "2-digit",
  }).format(new Date());
  put(byId("clock"), now);
}

// -- sound

async function turnSound(on) {
  localStorage.setItem(SOUND, on ? "on" : "off");
  sounding = on && (await allowSound().catch(() => false));
  drawSound();
}

function drawSound() {
  const button = byId("sound");
  const key = sounding ? "display.sound_off" : "display.sound_on";
  button.dataset.sounding = String(sounding);
  button.setAttribute("aria-pressed", String(sounding));
  put(button, languages.map((language) => text(key, {}, language)).join(" · "));
}

byId("sound").addEventListener("click", () => turnSound(!sounding));
drawSound();
// Screens that are set up for it may sound without a touch; elsewhere this stays unanswered until then.
turnSound(sound);

followHall(data.hall, {
  onHall: drawHall,
  live: {
    display(changed) {
      calls = changed.calls;
      // After a lost connection: what is announced right now is shown, and not said once more.
      if (!announcing) {
        current = changed.announced ?? calls[0] ?? null;
        drawCurrent(false);
      }
      drawCalls();
    },
    announcement(call) {
      announce(call);
    },
  },
  onConnection(connected) {
    byId("connection").hidden = connected;
  },
});

drawClock();
setInterval(drawClock, 5000);
