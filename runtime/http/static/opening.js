// What is closed or full, why, and when it opens: in words.

import { data, text } from "./page.js";

const DAY_MS = 86400000;
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const formats = new Map(); // by time zone: a page of several halls has several

function inZone(timeZone) {
  if (!formats.has(timeZone)) {
    const format = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formats.set(timeZone, format);
  }
  return formats.get(timeZone);
}

function clock(at, zone) {
  const parts = Object.fromEntries(inZone(zone).formatToParts(at).map(({ type, value }) => [type, value]));
  return {
    day: `${parts.year}-${parts.month}-${parts.day}`,
    number: Date.UTC(parts.year, parts.month - 1, parts.day) / DAY_MS,
    weekday: WEEKDAYS.indexOf(parts.weekday) + 1,
    time: `${parts.hour}:${parts.minute}`,
  };
}

/** A moment as a person says it, in the hall's time zone; in the page's language if none is given. */
export function when(moment, language = undefined, zone = data.timeZone) {
  const at = clock(new Date(moment), zone);
  const days = at.number - clock(new Date(), zone).number;
  const key = { 0: "when.today", 1: "when.tomorrow" }[days] ?? "when.day";
  return text(key, { ...at, weekday: text(`when.weekday.${at.weekday}`, {}, language) }, language);
}

/** Why a service, or the hall, gives out no ticket now; nothing if it does. */
export function unavailable(service, language = undefined, zone = data.timeZone) {
  const { open = true, full = false, opens_at = null, closure = null } = service ?? {};
  if (open && !full) return "";
  if (!open && closure) {
    const again = opens_at ? { when: when(opens_at, language, zone), reason: closure } : { reason: closure };
    return text(opens_at ? "opening.closed_because_until" : "opening.closed_because", again, language);
  }
  if (!opens_at) return text(full ? "opening.full" : "opening.closed", {}, language);
  return text(full ? "opening.full_until" : "opening.closed_until", { when: when(opens_at, language, zone) }, language);
}
