// Who is called where, service by service, and what has become of one number.

import "./m-keep-language.js";
import { follow } from "./m-follow.js";
import { refill } from "./m-list.js";
import { crowd, say } from "./m-say.js";
import { byId, data, make, nameIn, onLanguage, text } from "./page.js";

const EVERY_MS = 5000;

let progress = null;
let asked = new URLSearchParams(location.search).get("number") ?? ""; // the number that is looked up

byId("number").value = asked;

function nowOf({ now }) {
  const called = now.map(({ number, counter }) =>
    make("li", { textContent: text("m.now", { number, counter: nameIn(counter) }) }),
  );
  return called.length ? make("ul", { className: "now" }, ...called) : text("m.nobody_called");
}

function draw() {
  if (!progress) return;
  const items = progress.services.map((service) => {
    const name = make("span", { className: "name", textContent: nameIn(service.names) });
    const now = make("div", { className: "said" }, nowOf(service));
    const waiting = make("span", { className: "said", textContent: crowd(service) });
    return make("li", { className: "cell" }, make("div", { className: "body" }, name, now, waiting));
  });
  refill(byId("services"), items);
  byId("services").hidden = !items.length;
}

function foundOf(found, number) {
  if (!found) return () => text("m.number_unknown", { number });
  const service = () => nameIn(progress.services.find(({ id }) => id === found.service)?.names ?? {}) || found.service;
  if (!found.called_to) return () => text("m.number_waits", { number, service: service() });
  return () => text("m.number_called", { number, service: service(), counter: nameIn(found.called_to) });
}

function path() {
  const query = asked ? `?number=${encodeURIComponent(asked)}` : "";
  return `/api/v1/halls/${encodeURIComponent(data.hall)}/progress${query}`;
}

const read = follow(path, EVERY_MS, (view) => {
  progress = view;
  draw();
  say(byId("found"), asked ? foundOf(view.number, asked) : null);
  byId("found").className = view.number ? "good" : "wrong";
});

byId("look-up").addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = byId("number").value.normalize("NFKC").replace(/\s/g, "").toUpperCase();
  byId("number").value = asked = typed;
  const query = asked ? `?number=${encodeURIComponent(asked)}` : "";
  history.replaceState(history.state, "", location.pathname + query);
  say(byId("found"));
  if (!asked) byId("number").focus();
  read();
});

onLanguage(draw);
