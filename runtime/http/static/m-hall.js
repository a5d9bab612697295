// A hall: its menu level by level, and a sheet for the service that is chosen.

import "./m-keep-language.js";
import { follow } from "./m-follow.js";
import { counted, crowd, say } from "./m-say.js";
import { cameBack } from "./m-sign-in.js";
import { Steps } from "./m-steps.js";
import { Take } from "./m-take.js";
import { unavailable } from "./opening.js";
import { byId, data, make, nameIn, onLanguage, put, text, waitOf } from "./page.js";

const EVERY_MS = 10000;

let offer = null;
let drawn = null; // the entries that are on the page

const back = cameBack();
const steps = new Steps({ menu: [], service: back.chosen.get("service") }, draw);
const take = new Take(() => steps.back({ ...steps.where, service: null }));
const services = () => new Map(offer.services.map((service) => [service.id, service]));

/** The entries without services that are gone. */
const there = (entries) => entries.filter((entry) => !entry.service || services().has(entry.service));

/** The pages of the menu that lead to where somebody is; as many of them as there still are. */
function pagesHere() {
  const pages = [];
  let entries = there(offer.menu);
  for (const place of steps.where.menu) {
    const page = entries[place];
    if (!page || page.service) break;
    pages.push(page);
    entries = there(page.entries);
  }
  return pages;
}

function menuHere() {
  return steps.where.menu.slice(0, pagesHere().length);
}

function leaves(entry) {
  return entry.service ? 1 : entry.entries.reduce((sum, inner) => sum + leaves(inner), 0);
}

/** What is said of a service in its cell, and whether a number can be taken for it. */
function stateOf(service) {
  const why = unavailable(service);
  if (why) return [why, "off"];
  if (!service.by_phone) return [text("m.in_the_hall"), ""];
  return [[crowd(service), waitOf(service)].filter(Boolean).join(" · "), ""];
}

function cellOf(place) {
  const cell = make("button", { type: "button", className: "cell" });
  const [name, said] = ["name", "said"].map((className) => make("span", { className }));
  cell.append(make("span", { className: "body" }, name, said));
  cell.addEventListener("click", () => {
    const entry = drawn[place];
    if (entry.service) steps.go({ ...steps.where, service: entry.service });
    else enter([...menuHere(), place]);
  });
  return cell;
}

function enter(menu) {
  steps.go({ menu, service: null });
  byId("level-title").focus({ preventScroll: true });
  byId("level-title").scrollIntoView({ block: "nearest" });
}

function fill(cell, entry, found) {
  const [name, said] = cell.firstChild.children;
  const service = found.get(entry.service);
  put(name, nameIn(service ? service.names : entry.names));
  const count = leaves(entry);
  const [words, tone] = service ? stateOf(service) : [counted("kiosk.further", count), ""];
  put(said, words);
  said.dataset.tone = tone;
}

function drawMenu() {
  const page = pagesHere().at(-1);
  const found = services();
  const entries = there(page ? page.entries : offer.menu);
  const list = byId("entries");
  const key = JSON.stringify(entries);
  if (list.dataset.key !== key) {
    list.dataset.key = key;
    list.replaceChildren(...entries.map((_, place) => make("li", {}, cellOf(place))));
  }
  drawn = entries;
  entries.forEach((entry, place) => fill(list.children[place].firstChild, entry, found));
  list.hidden = !entries.length;
  byId("no-services").hidden = entries.length > 0;
  byId("level-back").hidden = !page;
  put(byId("level-title"), page ? nameIn(page.names) : text("kiosk.choose"));
}

function draw() {
  if (!offer) return;
  put(byId("address"), nameIn(offer.address ?? {}));
  say(byId("closed"), offer.open ? null : () => unavailable(offer));
  drawMenu();
  take.show(services().get(steps.where.service) ?? null);
}

byId("level-back").addEventListener("click", () => {
  steps.back({ menu: menuHere().slice(0, -1), service: null });
  byId("level-title").focus({ preventScroll: true });
});

onLanguage(draw);

const read = follow(
  () => `/api/v1/halls/${encodeURIComponent(data.hall)}/offer`,
  EVERY_MS,
  (view) => {
    const first = offer === null;
    offer = view;
    draw();
    if (first) take.comeBack(back);
  },
);
take.onTaken(read);
