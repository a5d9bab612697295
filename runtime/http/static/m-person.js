// What a service asks of a person, checked while it is typed. The server checks it again, and keeps nothing of it.

import { byId, data, put, text } from "./page.js";
import { say } from "./m-say.js";

const PROVINCES = new Set([
  11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62,
  63, 64, 65, 71, 81, 82, 83,
]);
const CHECKS = "0123456789X";
const AFTER_PRESS_MS = 200; // a sentence that appears at once would move the button from under the finger
const CHARACTERS = { phone: 11, document: 18 };

/** What was typed without spaces and hyphens; full-width characters, and +86 before a mobile number, are understood. */
export function plain(kind, typed) {
  const narrow = typed.replace(/[！-～]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
  const number = narrow.replace(/[\s-]/g, "").toUpperCase();
  return kind === "phone" ? number.replace(/^(\+86|86(?=1[3-9]\d{9}$))/, "") : number;
}

/** The resident's number's last character, by ISO 7064 MOD 11-2. */
function checkCharacter(first) {
  let sum = 0;
  for (const digit of first) sum = ((sum + Number(digit)) * 2) % 11;
  return CHECKS[(12 - sum) % 11];
}

function today() {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: data.timeZone, dateStyle: "short" });
  return parts.format(new Date()).replaceAll("-", "");
}

/** Whether YYYYMMDD is a day, of those on which somebody who lives was born. */
function isBirthday(digits) {
  const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6)].map(Number);
  const at = new Date(Date.UTC(year, month - 1, day));
  const exists = at.getUTCMonth() === month - 1 && at.getUTCDate() === day;
  return exists && year >= 1900 && digits <= today();
}

function wrongPhone(number) {
  if (!/^\+?\d*$/.test(number)) return "characters";
  if (!/^(\+8?6?)?(1([3-9]|$)|$)/.test(number) && !"86".startsWith(number)) return "beginning";
  if (number.length > CHARACTERS.phone) return "long";
  return /^1[3-9]\d{9}$/.test(number) ? "" : "short";
}

function wrongDocument(number) {
  if (!/^\d{0,17}$|^\d{17}[\dX]/.test(number)) return "characters";
  if (number.length >= 2 && !PROVINCES.has(Number(number.slice(0, 2)))) return "province";
  if (number.length >= 14 && !isBirthday(number.slice(6, 14))) return "birthday";
  if (number.length > CHARACTERS.document) return "long";
  if (number.length < CHARACTERS.document) return "short";
  return checkCharacter(number.slice(0, 17)) === number[17] ? "" : "check";
}

/** Why the number that was typed cannot be right: a word for it, nothing if it can. */
export function wrongWith(kind, typed) {
  const number = plain(kind, typed);
  return kind === "phone" ? wrongPhone(number) : wrongDocument(number);
}

/** The field that a page has for it. */
export class PersonField {
  constructor() {
    this.kind = null;
    this.input = byId("person-input");
    this.input.addEventListener("input", () => this.check({ ended: false }));
    this.input.addEventListener("change", () => {
      setTimeout(() => this.input.value && this.check({ ended: true }), AFTER_PRESS_MS);
    });
  }

  /** Ask for `kind` (phone or document), or for nothing. What was typed is gone if that is another one. */
  ask(kind) {
    const asked = kind === "phone" || kind === "document" ? kind : null;
    if (asked !== this.kind) this.clear();
    this.kind = asked;
    byId("person").hidden = !asked;
    if (!asked) return;
    this.input.inputMode = asked === "phone" ? "tel" : "text";
    this.input.autocomplete = asked === "phone" ? "tel-national" : "off";
    this.draw();
  }

  draw() {
    if (this.kind) put(byId("person-name"), text(`kiosk.identity.${this.kind}`));
  }

  clear() {
    this.input.value = "";
    this.refuse("");
  }

  refuse(why) {
    this.input.setAttribute("aria-invalid", String(Boolean(why)));
    const key = `m.wrong.${this.kind}_${why}`;
    say(byId("person-wrong"), why ? () => text(key) : null);
  }

  /** Say what is wrong, though not that something lacks before the typing has `ended`. */
  check({ ended }) {
    const why = this.kind ? wrongWith(this.kind, this.input.value) : "";
    this.refuse(why === "short" && !ended ? "" : why);
    return !why;
  }

  /** What a request says of the person; null, with the focus on the field, if that cannot be right. */
  given() {
    if (!this.kind) return {};
    if (!this.check({ ended: true })) {
      this.input.focus();
      return null;
    }
    return { [this.kind]: plain(this.kind, this.input.value) };
  }
}

/** How many people come: the number field with a button on each side. */
export function partyField() {
  const input = byId("party");
  const bounded = (count) => Math.min(Number(input.max), Math.max(Number(input.min), Math.round(count) || 1));
  const step = (by) => () => (input.value = bounded(Number(input.value) + by));
  byId("party-less").addEventListener("click", step(-1));
  byId("party-more").addEventListener("click", step(1));
  input.addEventListener("change", () => (input.value = bounded(Number(input.value))));
  return { get: () => bounded(Number(input.value)), set: (count) => (input.value = bounded(Number(count))) };
}
