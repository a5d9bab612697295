// What somebody has: numbers and bookings in all halls, those that are open first.

import "./m-keep-language.js";
import { follow } from "./m-follow.js";
import { refill } from "./m-list.js";
import { clock, counted, say, sayProblem, serviceName } from "./m-say.js";
import { cameBack, signIn, signInAddress } from "./m-sign-in.js";
import { when } from "./opening.js";
import { byId, data, make, nameIn, onLanguage, text } from "./page.js";

const EVERY_MS = 15000;
const OPEN_TICKETS = new Set(["called", "serving", "waiting", "held"]);
const OPEN_BOOKINGS = new Set(["reserved", "confirmed"]);
const FIRST = ["called", "serving", "waiting", "held"];

let mine = null;
const back = cameBack();
const halls = new Map(data.halls.map((hall) => [hall.id, hall]));

function hallName(id, names = {}) {
  return nameIn(names) || nameIn(halls.get(id)?.names ?? {}) || id;
}

function cell(href, large, name, ...said) {
  const lines = said.filter(Boolean).map((line) => make("span", { className: "said", textContent: line }));
  const body = make("span", { className: "body" }, make("span", { className: "name", textContent: name }), ...lines);
  const parts = large ? [make("span", { className: "large", textContent: large }), body] : [body];
  return make("li", {}, make("a", { className: "cell", href }, ...parts));
}

function ticketCell({ hall, ticket }) {
  const { pathname, search } = new URL(ticket.scan_url, location.href);
  const name = serviceName(halls.get(hall.id)?.services ?? [], ticket.service);
  const ahead = ticket.ahead ? counted("kiosk.ahead", ticket.ahead) : text("kiosk.ahead_none");
  const state = [text(`state.${ticket.state}`), ...(ticket.state === "waiting" ? [ahead] : [])].join(" · ");
  return cell(pathname + search, ticket.number, name, state, hallName(hall.id, hall.names));
}

function bookingCell({ hall, booking }) {
  const zone = halls.get(hall.id)?.timeZone;
  const path = `/m/halls/${encodeURIComponent(hall.id)}/bookings/${encodeURIComponent(booking.code)}`;
  const name = serviceName(halls.get(hall.id)?.services ?? [], booking.service);
  const time = `${when(booking.starts_at, undefined, zone)} – ${clock(booking.ends_at, zone)}`;
  return cell(path, "", name, time, text(`m.booking.${booking.state}`), hallName(hall.id, hall.names));
}

function put(name, items) {
  refill(byId(name), items);
  byId(name).hidden = byId(`${name}-title`).hidden = !items.length;
}

function draw() {
  if (!mine) return;
  const tickets = mine.halls.flatMap((hall) => hall.tickets.map((ticket) => ({ hall, ticket, at: ticket.taken_at })));
  const bookings = mine.halls.flatMap((hall) =>
    hall.bookings.map((booking) => ({ hall, booking, at: booking.starts_at })),
  );
  const open = tickets.filter(({ ticket }) => OPEN_TICKETS.has(ticket.state));
  open.sort((a, b) => FIRST.indexOf(a.ticket.state) - FIRST.indexOf(b.ticket.state) || a.ticket.ahead - b.ticket.ahead);
  const coming = bookings.filter(({ booking }) => OPEN_BOOKINGS.has(booking.state));
  coming.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const over = [
    ...tickets.filter((one) => !open.includes(one)),
    // A booking that became a number is that number.
    ...bookings.filter((one) => !coming.includes(one) && one.booking.state !== "checked_in"),
  ];
  over.sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  put("tickets", open.map(ticketCell));
  put("bookings", coming.map(bookingCell));
  put("ended", over.map((one) => (one.ticket ? ticketCell(one) : bookingCell(one))));
  const names = mine.away.map((id) => hallName(id)).join(" · ");
  say(byId("away"), names ? () => text("m.away", { halls: names }) : null);
  byId("none").hidden = Boolean(tickets.length || bookings.length || mine.away.length);
  byId("to-halls").hidden = open.length > 0;
}

/** Nobody is known: WeChat is asked at once, but only once. */
function unknown(problem) {
  if (problem.kind !== "sign-in-needed") return false;
  if (!back.goesOn && mine === null) {
    signIn();
    return true;
  }
  byId("reading").hidden = true;
  byId("unsigned").hidden = false;
  say(byId("unsigned").firstElementChild, () => sayProblem(problem));
  byId("sign-in").href = signInAddress();
  byId("sign-in").hidden = false;
  return true;
}

onLanguage(draw);
if (!data.signedIn) {
  unknown({ kind: "sign-in-needed" });
} else {
  follow(
    () => "/api/v1/my",
    EVERY_MS,
    (view) => {
      mine = view;
      draw();
    },
    unknown,
  );
}
