// What a customer types on the screen: a number that a service asks for, or a booking's code. It is gone as soon
// as the customer is.

import { byId, make, put, text } from "./page.js";

const ERASE = "⌫";
const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
// A booking's code is in Crockford's base 32, where the letters O, I and L are read as digits.
const CODE_KEYS = [..."0123456789ABCDEFGHJKMNPQRSTVWXYZ"];
const READ_AS = { O: "0", I: "1", L: "1" };

const KINDS = {
  phone: { length: 11, groups: [3, 4, 4], keys: [...DIGITS, "", "0", ERASE] },
  document: { length: 18, groups: [6, 8, 4], keys: [...DIGITS, "X", "0", ERASE] },
  code: { length: 8, groups: [4, 4], keys: [...CODE_KEYS, ERASE] },
};

/** The code of a booking in what was typed or scanned, which may be the address of a page; or nothing. */
export function codeIn(typed) {
  const code = typed
    .split(/[/=#?]/)
    .at(-1)
    .toUpperCase()
    .replace(/[\s-]/g, "")
    .replace(/[OIL]/g, (letter) => READ_AS[letter]);
  const { length } = KINDS.code;
  return code.length === length && [...code].every((character) => CODE_KEYS.includes(character)) ? code : null;
}

export class Pad {
  /** `onTyped(kind, typed)` is called once everything is there and the customer goes on. */
  constructor(onTyped) {
    this.onTyped = onTyped;
    this.purpose = "identity";
    this.kinds = [];
    this.kind = null;
    this.wrong = "";
    this.typed = "";
    this.keys = new Map();
    byId("pad-go").addEventListener("click", () => this.go());
  }

  /** Ask for one of `kinds` (phone, document, code), the first one until another is chosen. */
  ask(kinds, purpose = "identity") {
    this.purpose = purpose;
    this.kinds = kinds;
    byId("pad-kinds").hidden = kinds.length < 2;
    byId("pad-kinds").replaceChildren(
      ...kinds.map((kind) => {
        const button = make("button", { type: "button", className: "quiet", "data-kind": kind });
        button.addEventListener("click", () => this.turnTo(kind));
        return button;
      }),
    );
    this.turnTo(kinds[0]);
    byId("pad-title").focus({ preventScroll: true });
  }

  turnTo(kind) {
    this.kind = kind;
    const buttons = KINDS[kind].keys.map((key) => {
      const button = make("button", { type: "button", className: key ? "quiet" : "quiet unused", textContent: key });
      button.addEventListener("click", () => this.press(key));
      return button;
    });
    this.keys = new Map(KINDS[kind].keys.map((key, index) => [key, buttons[index]]));
    byId("pad").replaceChildren(...buttons);
    byId("pad").dataset.kind = kind;
    this.clear();
  }

  /** What was typed cannot be right, for the reason `wrong`: let it be corrected. */
  refuse(wrong) {
    this.wrong = wrong;
    this.draw();
  }

  clear() {
    this.typed = "";
    this.wrong = "";
    this.draw();
  }

  press(key) {
    this.wrong = "";
    if (key === ERASE) this.typed = this.typed.slice(0, -1);
    else if (this.takes(key)) this.typed += key;
    this.draw();
  }

  takes(key) {
    if (!key || this.typed.length >= KINDS[this.kind].length) return false;
    return this.kind !== "document" || key !== "X" || this.typed.length === KINDS.document.length - 1;
  }

  get complete() {
    return this.kind !== null && this.typed.length === KINDS[this.kind].length;
  }

  /** Take a key of a real keyboard; whether it was one of ours. */
  typedOnKeyboard(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return false;
    if (event.key === "Enter") return this.enter();
    const typed = event.key === "Backspace" ? ERASE : event.key.toUpperCase();
    const key = this.kind === "code" ? (READ_AS[typed] ?? typed) : typed;
    if (!key || !this.keys.has(key)) return false;
    this.press(key);
    return true;
  }

  /** Enter goes on, unless it presses the button that has the focus. */
  enter() {
    if (document.activeElement instanceof HTMLButtonElement || !this.complete) return false;
    this.go();
    return true;
  }

  go() {
    if (this.complete) this.onTyped(this.kind, this.typed);
  }

  draw() {
    if (!this.kind) return;
    const checksIn = this.purpose === "checkin";
    put(byId("pad-title"), text(checksIn ? "kiosk.checkin.title" : `kiosk.identity.${this.kind}`));
    put(byId("pad-hint"), text(checksIn ? `kiosk.checkin.hint.${this.kind}` : "kiosk.identity.why"));
    put(byId("pad-go"), text(checksIn ? "kiosk.checkin.go" : "kiosk.identity.go"));
    for (const button of byId("pad-kinds").children) {
      put(button, text(`kiosk.checkin.kind.${button.dataset.kind}`));
      button.setAttribute("aria-pressed", String(button.dataset.kind === this.kind));
    }
    const shown = byId("pad-typed");
    put(shown, this.grouped() || "–");
    shown.classList.toggle("empty", !this.typed);
    byId("pad-wrong").hidden = !this.wrong;
    put(byId("pad-wrong"), this.wrong ? text(this.wrong) : "");
    byId("pad-go").disabled = !this.complete;
    for (const [key, button] of this.keys) {
      button.disabled = key === ERASE ? !this.typed : !this.takes(key);
    }
    this.keys.get(ERASE).setAttribute("aria-label", text("kiosk.identity.erase"));
  }

  grouped() {
    const groups = [];
    let from = 0;
    for (const length of KINDS[this.kind].groups) {
      groups.push(this.typed.slice(from, from + length));
      from += length;
    }
    return groups.filter(Boolean).join(" ");
  }
}
