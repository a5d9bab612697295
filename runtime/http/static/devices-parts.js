// What the cards of virtual devices have in common: texts that follow the language, what is sent, what is said.

import { Problem, post } from "./api.js";
import { advice, byId, make, nameIn, onLanguage, put, text } from "./page.js";

const SAID_MS = 6000;

export const draw = new Set(); // each draws one device from the state of its hall
export const inHall = (hall, ...parts) =>
  ["/halls", hall, ...parts].map((part, index) => (index ? encodeURIComponent(part) : part)).join("/");
export const deviceOf = (hall, kind, id) =>
  `/api/v1/devices/${encodeURIComponent(hall.id)}/${kind}/${encodeURIComponent(id)}`;

export function worded(tag, key, attributes = {}, values = {}) {
  const element = make(tag, attributes);
  const name = () => put(element, text(key, values));
  onLanguage(name);
  name();
  return element;
}

export function named(tag, names, attributes = {}) {
  const element = make(tag, attributes);
  const name = () => put(element, nameIn(names));
  onLanguage(name);
  name();
  return element;
}

/** Call `show` now and whenever the language changes. */
export function following(show) {
  onLanguage(show);
  show();
}

export async function send(path, body) {
  try {
    return await post(path, body);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    say(advice(problem));
    return null;
  }
}

let saidAt = 0;

export function say(sentence) {
  put(byId("said"), sentence);
  saidAt = Date.now();
}

/** Take away what was said, after a while. */
export function hush() {
  if (Date.now() - saidAt > SAID_MS) put(byId("said"), "");
}
