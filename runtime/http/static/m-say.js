// What phones are told: sentences that follow the language, refusals in a customer's words, times and lengths.

import { when } from "./opening.js";
import { advice, currentLanguage, data, languageTag, nameIn, onLanguage, put, text } from "./page.js";

const shown = new Map();

/** Show what `sentence()` returns, in whatever language is chosen; nothing without one. */
export function say(element, sentence = null) {
  if (sentence) shown.set(element, sentence);
  else shown.delete(element);
  put(element, sentence ? sentence() : "");
}

onLanguage(() => {
  for (const [element, sentence] of shown) put(element, sentence());
});

/** The text of `key`, or of the same for one where `count` is 1. */
export function counted(key, count) {
  return text(count === 1 ? `${key}_one` : key, { count });
}

export function length(metres) {
  if (metres < 1000) return text("m.metres", { count: Math.max(10, Math.round(metres / 10) * 10) });
  const exact = (metres / 1000).toFixed(metres < 10000 ? 1 : 0);
  return text("m.kilometres", { count: exact.replace(/\.0$/, "") });
}

/** What was refused and what to do, to a customer. */
export function sayProblem(problem, zone = data.timeZone) {
  const { opens_at: again, distance_m: distance, reach_m: reach } = problem.more ?? {};
  if (again) {
    const key = `refused.${problem.kind}.again`;
    const values = { when: when(again, undefined, zone) };
    if (text(key) !== key) return text(key, values);
  }
  const values = { distance: distance ? length(distance) : "", reach: reach ? length(reach) : "" };
  for (const key of [`m.refused.${problem.kind}`, `refused.${problem.kind}`]) {
    if (text(key) !== key) return text(key, values);
  }
  return advice(problem);
}

/** How many wait, and how long somebody who comes now will. */
export function crowd({ waiting }) {
  return waiting ? text("kiosk.waiting", { count: waiting }) : text("kiosk.nobody");
}

export function serviceName(services, id) {
  return nameIn(services.find((service) => service.id === id)?.names ?? {}) || id;
}

const formats = new Map();

function format(zone, options) {
  const key = JSON.stringify([currentLanguage(), zone, options]);
  if (!formats.has(key)) {
    formats.set(key, new Intl.DateTimeFormat(languageTag(), { timeZone: zone, hourCycle: "h23", ...options }));
  }
  return formats.get(key);
}

/** The hall's clock at `moment`: 09:15. */
export function clock(moment, zone = data.timeZone) {
  return format(zone, { hour: "2-digit", minute: "2-digit" }).format(new Date(moment));
}

/** A day in few words: 24 Nov. */
export function dayOf(moment, zone = data.timeZone) {
  return format(zone, { day: "numeric", month: "short" }).format(new Date(moment));
}

export function weekdayOf(moment, zone = data.timeZone) {
  return format(zone, { weekday: "short" }).format(new Date(moment));
}

/** Mark a button that is at work, and whether it was at work already. */
export function busy(button, at) {
  const before = button.getAttribute("aria-disabled") === "true";
  if (at) button.setAttribute("aria-disabled", "true");
  else button.removeAttribute("aria-disabled");
  return before;
}
