// All halls: by district, those that are open first, or the nearest where somebody asks for that.

import "./m-keep-language.js";
import { follow } from "./m-follow.js";
import { refill } from "./m-list.js";
import { NoPosition, distance, here } from "./m-position.js";
import { busy, crowd, length, say } from "./m-say.js";
import { unavailable } from "./opening.js";
import { byId, data, make, nameIn, onLanguage, put, text, waitOf } from "./page.js";

const EVERY_MS = 15000;

const halls = new Map(data.halls.map((hall) => [hall.id, hall]));
let directory = null;
let district = new URLSearchParams(location.search).get("district") ?? "";
let position = null; // stays in this page

// -- districts

function drawDistricts() {
  const used = new Set(directory.halls.map((hall) => hall.district));
  const offered = directory.districts.filter(({ id }) => used.has(id));
  const field = byId("districts");
  field.hidden = offered.length < 2;
  const choices = [{ id: "" }, ...offered];
  if (!choices.some(({ id }) => id === district)) district = "";
  const drawn = [...field.querySelectorAll("input")].map((input) => input.value);
  if (JSON.stringify(drawn) !== JSON.stringify(choices.map(({ id }) => id))) {
    for (const label of field.querySelectorAll("label")) label.remove();
    field.append(
      ...choices.map(({ id }) =>
        make("label", {}, make("input", { type: "radio", name: "district", value: id }), make("span")),
      ),
    );
  }
  choices.forEach(({ id, names }, index) => {
    const [input, name] = field.querySelectorAll("label")[index].children;
    input.checked = id === district;
    put(name, id ? nameIn(names) : text("m.all_districts"));
  });
}

byId("districts").addEventListener("change", ({ target }) => {
  district = target.value;
  const query = district ? `?district=${encodeURIComponent(district)}` : "";
  history.replaceState(history.state, "", location.pathname + query);
  draw();
});

// -- halls

const away = (hall) => (position && hall.position ? distance(position, hall.position) : Infinity);

function inOrder(halls) {
  const listed = halls.map((hall, place) => ({ hall, place }));
  const nearer = (a, b) => away(a.hall) - away(b.hall) || 0; // neither is nearer where both are unknown
  const opener = (a, b) => Number(b.hall.open) - Number(a.hall.open);
  listed.sort((a, b) => (position ? nearer(a, b) : opener(a, b)) || a.place - b.place);
  return listed.map(({ hall }) => hall);
}

function tone(hall) {
  return hall.open ? "on" : "off";
}

function stateOf(hall) {
  if (!hall.open) return unavailable(hall, undefined, halls.get(hall.id)?.timeZone);
  return text(hall.by_phone ? "m.open" : "m.open_not_by_phone");
}

function card(hall) {
  const where = [nameIn(hall.address ?? {}), Number.isFinite(away(hall)) ? length(away(hall)) : ""];
  const wait = hall.open ? [crowd(hall), waitOf({ estimate: hall.estimate })] : [];
  const state = make("span", { className: "said", textContent: stateOf(hall), "data-tone": tone(hall) });
  const said = (parts) => make("span", { className: "said", textContent: parts.filter(Boolean).join(" · ") });
  const name = make("span", { className: "name", textContent: nameIn(hall.names) });
  const body = make("span", { className: "body" }, name, state, said(wait), said(where));
  return make("a", { className: "cell", href: `/m/halls/${encodeURIComponent(hall.id)}` }, body);
}

function draw() {
  if (!directory) return;
  drawDistricts();
  const listed = inOrder(directory.halls.filter((hall) => !district || hall.district === district));
  const list = byId("halls");
  refill(
    list,
    listed.map((hall) => make("li", {}, card(hall))),
  );
  list.hidden = !listed.length;
  byId("no-halls").hidden = listed.length > 0 || directory.away.length > 0;
  const names = directory.away.map((id) => nameIn(halls.get(id)?.names ?? {}) || id).join(" · ");
  say(byId("away"), names ? () => text("m.away", { halls: names }) : null);
  byId("nearest").hidden = directory.halls.filter((hall) => hall.position).length < 2;
}

byId("nearest").addEventListener("click", async () => {
  if (busy(byId("nearest"), true)) return;
  say(byId("nearest-said"), () => text("m.finding"));
  try {
    position = await here();
    say(byId("nearest-said"), () => text("m.nearest_done"));
  } catch (error) {
    if (!(error instanceof NoPosition)) throw error;
    say(byId("nearest-said"), () => text(`m.position.${error.why}`));
  } finally {
    busy(byId("nearest"), false);
  }
  draw();
});

onLanguage(draw);
follow(() => "/api/v1/directory", EVERY_MS, (view) => {
  directory = view;
  draw();
});
