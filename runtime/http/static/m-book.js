// Booking, or moving a booking: a day, a time with what is left of it, and what is asked of the person.

import "./m-keep-language.js";
import { Problem, get, post } from "./api.js";
import { follow } from "./m-follow.js";
import { refill } from "./m-list.js";
import { PersonField, partyField } from "./m-person.js";
import { busy, clock, dayOf, say, sayProblem, weekdayOf } from "./m-say.js";
import { cameBack, signIn } from "./m-sign-in.js";
import { when } from "./opening.js";
import { byId, currentLanguage, data, make, onLanguage, put, text } from "./page.js";

const EVERY_MS = 20000;
const DAYS_SHOWN = 9;
const HALL = encodeURIComponent(data.hall);
const TYPED = new Set(["phone", "document"]);

const back = cameBack("move");
const person = new PersonField();
const party = partyField();

let days = new Map(); // slots by local day
let day = (back.chosen.get("slot") ?? "").slice(0, 10);
let slot = back.chosen.get("slot");
let allDays = false;

party.set(back.chosen.get("party") ?? 1);

const free = (slots) => slots.reduce((sum, one) => sum + one.free, 0);

const leftOf = (count) => (count ? text("m.left", { count }) : text("m.full"));

/** What is typed does not outlive the way to WeChat, so that comes first. */
const asksWeChatFirst = () => !data.signedIn && !data.moving && TYPED.has(data.service.identity);

function choice(group, value, chosen, disabled, name, said) {
  const marks = { ...(chosen && { checked: "" }), ...(disabled && { disabled: "" }) };
  const input = make("input", { type: "radio", name: group, value, ...marks });
  return make("label", {}, input, make("span", {}, name, make("small", { textContent: said })));
}

function draw() {
  if (!days.has(day)) day = "";
  const all = [...days];
  const cut = !allDays && all.length > DAYS_SHOWN;
  const shown = all.filter(([name], place) => !cut || place < DAYS_SHOWN || name === day);
  refill(
    byId("days"),
    shown.map(([name, slots]) => {
      const left = free(slots);
      const said = `${weekdayOf(slots[0].starts_at)} · ${leftOf(left)}`;
      return choice("day", name, name === day, !left, dayOf(slots[0].starts_at), said);
    }),
  );
  byId("later").hidden = !cut;
  const slots = days.get(day) ?? [];
  if (!slots.some((one) => one.slot === slot && one.free)) slot = null;
  refill(
    byId("slots"),
    slots.map((one) =>
      choice("slot", one.slot, one.slot === slot, !one.free, clock(one.starts_at), leftOf(one.free)),
    ),
  );
  byId("slots").hidden = byId("slots-title").hidden = !day;
  const named = day ? `${weekdayOf(slots[0].starts_at)} ${dayOf(slots[0].starts_at)}` : "";
  put(byId("slots-title"), day ? text("m.time_on", { day: named }) : "");
  byId("no-slots").hidden = days.size > 0;
  byId("form").hidden = days.size === 0;
  byId("asked").hidden = !slot || data.moving !== null;
  person.ask(asksWeChatFirst() ? null : data.service.identity);
  const go = byId("go");
  go.hidden = !slot;
  const at = go.getAttribute("aria-disabled") === "true";
  const name = asksWeChatFirst() ? "m.sign_in_first" : data.moving ? "m.move_here" : "m.book_now";
  const chosenSlot = slots.find((one) => one.slot === slot);
  put(go, text(at ? "kiosk.taking" : name, { when: chosenSlot ? when(chosenSlot.starts_at) : "" }));
}

byId("days").addEventListener("change", ({ target }) => {
  day = target.value;
  slot = null;
  say(byId("said"));
  draw();
  byId("slots-title").scrollIntoView({ block: "nearest", behavior: "smooth" });
});

byId("slots").addEventListener("change", ({ target }) => {
  slot = target.value;
  say(byId("said"));
  draw();
  byId("go").scrollIntoView({ block: "nearest", behavior: "smooth" });
});

byId("later").addEventListener("click", () => {
  const next = [...days.keys()][DAYS_SHOWN];
  allDays = true;
  draw();
  byId("days").querySelector(`[value="${next}"]`)?.focus();
});

// -- sending

function chosen() {
  return { slot, party: party.get() > 1 ? party.get() : undefined, move: data.moving ?? undefined };
}

function send(given) {
  const base = `/api/v1/my/halls/${HALL}/bookings`;
  if (data.moving) return post(`${base}/${encodeURIComponent(data.moving)}/move`, { slot });
  const body = { service: data.service.id, slot, language: currentLanguage(), party: party.get(), ...given };
  return post(base, body);
}

async function submit() {
  if (!slot) return;
  if (asksWeChatFirst()) return signIn(chosen());
  const given = data.moving ? {} : person.given();
  if (!given || busy(byId("go"), true)) return;
  say(byId("said"));
  draw();
  let leaves = false;
  try {
    const booking = await send(given);
    leaves = true;
    person.clear();
    const done = data.moving ? "moved" : "booked";
    location.replace(`/m/halls/${HALL}/bookings/${encodeURIComponent(booking.code)}?${done}=1`);
  } catch (problem) {
    leaves = refused(problem);
  } finally {
    if (!leaves) busy(byId("go"), false);
    draw();
  }
}

/** Show why it is not booked; whether another page comes. */
function refused(problem) {
  if (!(problem instanceof Problem)) throw problem;
  if (problem.kind === "sign-in-needed" && !back.goesOn) {
    signIn(chosen());
    return true;
  }
  if (problem.kind === "identity-invalid" && person.kind) {
    person.refuse("refused");
    person.input.focus();
    return false;
  }
  if (problem.kind === "sign-in-needed") say(byId("said"), () => text("m.no_sign_in"));
  else say(byId("said"), () => sayProblem(problem));
  read();
  return false;
}

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});

onLanguage(draw);

let first = true;
const read = follow(
  () => `/api/v1/my/halls/${HALL}/services/${encodeURIComponent(data.service.id)}/slots`,
  EVERY_MS,
  ({ slots }) => {
    days = byDay(slots);
    draw();
    if (first && back.goesOn && slot) {
      if (person.kind) person.input.focus();
      else if (!asksWeChatFirst()) submit();
      else say(byId("said"), () => text("m.no_sign_in"));
    }
    first = false;
  },
);

function byDay(slots) {
  const found = new Map();
  for (const one of slots) {
    const name = one.slot.slice(0, 10);
    found.set(name, [...(found.get(name) ?? []), one]);
  }
  return found;
}

// Which booking is moved is said where that can be read.
if (data.moving) {
  get(`/api/v1/my/halls/${HALL}/bookings/${encodeURIComponent(data.moving)}`).then(
    (booking) => say(byId("moved-from"), () => text("m.moved_from", { when: when(booking.starts_at) })),
    () => {},
  );
}
