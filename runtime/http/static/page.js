// What every page needs: the data that the server put in, and its texts in the language chosen.

export const data = JSON.parse(document.getElementById("data").textContent);

const chosen = new Set();
let language = data.language;

/** The text for a key, with {names} filled in. A text that is missing shows as its key. */
export function text(key, values = {}, inLanguage = language) {
  const found = data.texts[inLanguage]?.[key] ?? key;
  return found.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** What a refusal means and what to do, in the language chosen. */
export function advice(problem) {
  if (problem.kind === "network") return text("error.network");
  return data.problems[problem.kind]?.[language] ?? problem.message;
}

/** Why a print failed, in the language chosen; what has no text is said as it came. */
export function because(failure) {
  const key = `failure.${failure.replaceAll(" ", "_")}`;
  const said = text(key);
  return said === key ? failure : said;
}

/** A name in the language chosen, or else in the first one that there is. */
export function nameIn(names, inLanguage = language) {
  return names[inLanguage] ?? Object.values(names)[0] ?? "";
}

// How long a wait will probably last, in whole minutes; nothing where nobody can tell.
export function waitOf({ estimate, late }) {
  const said = [];
  if (estimate) {
    const from = Math.round(estimate.p50_s / 60);
    const to = Math.max(1, Math.ceil(estimate.p90_s / 60));
    said.push(from > 0 && from < to ? text("wait.range", { from, to }) : text("wait.within", { to }));
  }
  if (late) said.push(text("wait.late"));
  return said.join(" · ");
}

export function currentLanguage() {
  return language;
}

/** A BCP 47 tag for the browser's own formats and voices. */
export function languageTag(of = language) {
  return { zh: "zh-CN", en: "en-GB" }[of] ?? of;
}

/** Call `show` when the language changes. */
export function onLanguage(show) {
  chosen.add(show);
}

export function setLanguage(to) {
  if (!data.languages.includes(to)) return;
  language = to;
  document.documentElement.lang = languageTag(to);
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = text(element.dataset.text);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", text(element.dataset.label));
  }
  for (const element of document.querySelectorAll("[data-names]")) {
    element.textContent = nameIn(JSON.parse(element.dataset.names));
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === to));
  }
  for (const show of chosen) show();
}

for (const button of document.querySelectorAll("button[data-language]")) {
  button.addEventListener("click", () => setLanguage(button.dataset.language));
}

export function byId(id) {
  return document.getElementById(id);
}

/** Make an element: its class, its text, its attributes, its children. */
export function make(tag, { className, textContent, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (textContent !== undefined) element.textContent = textContent;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Show a number as large as its length allows. */
export function putNumber(element, number) {
  put(element, number);
  element.style.setProperty("--characters", Math.max(4, number.length));
}

/** Show text only when it differs: a screen reader would read it again. */
export function put(element, value) {
  if (element.textContent !== value) element.textContent = value;
}
