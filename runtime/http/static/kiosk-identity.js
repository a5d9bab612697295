// The number that a service asks for, typed on the screen. It is gone as soon as the customer is.

import { byId, make, put, text } from "./page.js";

const LENGTHS = { phone: 11, document: 18 };
const GROUPS = { phone: [3, 4, 4], document: [6, 8, 4] };
const ERASE = "⌫";
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "X", "0", ERASE];

export class IdentityPad {
  /** `onTyped(number)` is called once a whole number is there and the customer goes on. */
  constructor(onTyped) {
    this.onTyped = onTyped;
    this.kind = null;
    this.wrong = false;
    this.typed = "";
    this.keys = new Map();
    for (const key of KEYS) {
      const button = make("button", { type: "button", className: "quiet", textContent: key });
      button.addEventListener("click", () => this.press(key));
      this.keys.set(key, button);
      byId("identity-pad").append(button);
    }
    byId("identity-go").addEventListener("click", () => this.go());
  }

  /** Ask for a number of this kind, "phone" or "document". */
  ask(kind) {
    this.kind = kind;
    this.clear();
    byId("identity-title").focus({ preventScroll: true });
  }

  /** The number cannot be right: let it be corrected. */
  refuse() {
    this.wrong = true;
    this.draw();
  }

  clear() {
    this.typed = "";
    this.wrong = false;
    this.draw();
  }

  press(key) {
    this.wrong = false;
    if (key === ERASE) this.typed = this.typed.slice(0, -1);
    else if (this.takes(key)) this.typed += key;
    this.draw();
  }

  takes(key) {
    const length = LENGTHS[this.kind];
    const last = this.kind === "document" && this.typed.length === length - 1;
    return this.typed.length < length && (/^[0-9]$/.test(key) || (key === "X" && last));
  }

  /** Take a key of a real keyboard; whether it was one of ours. */
  typedOnKeyboard(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return false;
    const key = event.key === "Backspace" ? ERASE : event.key.toUpperCase();
    if (!this.keys.has(key)) return false;
    this.press(key);
    return true;
  }

  go() {
    if (this.typed.length === LENGTHS[this.kind]) this.onTyped(this.typed);
  }

  draw() {
    if (!this.kind) return;
    put(byId("identity-title"), text(`kiosk.identity.${this.kind}`));
    const shown = byId("identity-number");
    put(shown, this.grouped() || "–");
    shown.classList.toggle("empty", !this.typed);
    byId("identity-wrong").hidden = !this.wrong;
    put(byId("identity-wrong"), this.wrong ? text(`kiosk.identity.${this.kind}_wrong`) : "");
    byId("identity-go").disabled = this.typed.length !== LENGTHS[this.kind];
    for (const [key, button] of this.keys) {
      button.disabled = key === ERASE ? !this.typed : !this.takes(key);
    }
    this.keys.get("X").classList.toggle("unused", this.kind !== "document");
    this.keys.get(ERASE).setAttribute("aria-label", text("kiosk.identity.erase"));
  }

  grouped() {
    const groups = [];
    let from = 0;
    for (const length of GROUPS[this.kind]) {
      groups.push(this.typed.slice(from, from + length));
      from += length;
    }
    return groups.filter(Boolean).join(" ");
  }
}
