// A booking: when it is, its code, and what can be done about it now.

import "./m-keep-language.js";
import { Problem, post } from "./api.js";
import { follow } from "./m-follow.js";
import { NoPosition, here } from "./m-position.js";
import { busy, clock, say, sayProblem, serviceName } from "./m-say.js";
import { cameBack, signIn } from "./m-sign-in.js";
import { ask } from "./m-steps.js";
import { when } from "./opening.js";
import { byId, data, make, onLanguage, put, text } from "./page.js";

const EVERY_MS = 20000;
const TURN_MS = 5000; // how soon it is seen that the time to check in has come
const HALL = encodeURIComponent(data.hall);
const base = `/api/v1/my/halls/${HALL}/bookings/${encodeURIComponent(data.code)}`;
const OPEN = new Set(["reserved", "confirmed"]);

const back = cameBack();
let booking = null;
let nearby = data.reach !== null;
let done = ["booked", "moved"].find((name) => back.chosen.has(name)) ?? "";

function phase() {
  const now = Date.now();
  if (!OPEN.has(booking.state)) return "over";
  if (now < Date.parse(booking.check_in_from)) return "before";
  return now < Date.parse(booking.check_in_until) ? "now" : "late";
}

function sentence() {
  const { state, reason, lapses_at: lapses } = booking;
  const from = { when: when(booking.check_in_from), until: clock(booking.check_in_until) };
  const moved = OPEN.has(state) && reason ? [text("m.moved_by_hall", { reason })] : [];
  if (state === "reserved" && lapses) moved.push(text("m.lapses", { when: when(lapses) }));
  const said = { before: "m.check_in_from", now: "m.check_in_now", late: "m.check_in_late" }[phase()];
  if (said) return [...moved, text(said, from)].reduce((first, second) => text("m.sentences", { first, second }));
  return text(`m.was.${state}`, { reason: reason ?? "" });
}

function draw() {
  if (!booking) return;
  const open = OPEN.has(booking.state);
  const at = phase();
  byId("booking").hidden = byId("steps").hidden = false;
  byId("done").hidden = !done || !open;
  put(byId("done-title"), done ? text(`m.done.${done}`) : "");
  put(byId("state"), text(`m.booking.${booking.state}`));
  put(byId("sentence"), sentence());
  byId("code").hidden = !open;
  const facts = [
    [text("reception.service"), serviceName(data.services, booking.service)],
    [text("m.at"), `${when(booking.starts_at)} – ${clock(booking.ends_at)}`],
    ...(booking.party > 1 ? [[text("m.party"), String(booking.party)]] : []),
  ];
  byId("facts").replaceChildren(
    ...facts.map(([name, said]) => make("div", {}, make("dt", { textContent: name }), make("dd", { textContent: said }))),
  );
  byId("to-ticket").hidden = booking.state !== "checked_in" || !booking.ticket;
  if (booking.ticket) byId("to-ticket").href = `/t/${HALL}/${encodeURIComponent(booking.ticket)}`;
  byId("check-in").hidden = at !== "now";
  byId("confirm").hidden = booking.state !== "reserved";
  byId("move").hidden = byId("cancel").hidden = !open;
  const move = `?move=${encodeURIComponent(booking.code)}`;
  byId("move").href = `/m/halls/${HALL}/book/${encodeURIComponent(booking.service)}${move}`;
  byId("again").hidden = open || booking.state === "checked_in";
}

// -- what can be done

/** Do `step` once, with `button` at work meanwhile; `deed` does it, and may lead to another page. */
async function act(button, deed) {
  if (busy(button, true)) return;
  say(byId("said"));
  try {
    if (await deed()) return; // the button stays as it is until the next page is there
  } catch (error) {
    if (error instanceof NoPosition) say(byId("said"), () => text(`m.position.${error.why}`));
    else if (error instanceof Problem) refused(error);
    else throw error;
    byId("said").scrollIntoView({ block: "nearest" });
  }
  busy(button, false);
}

function refused(problem) {
  if (problem.kind === "sign-in-needed" && !back.goesOn) return signIn();
  if (problem.kind === "position-needed") nearby = true;
  say(byId("said"), () => sayProblem(problem));
  read();
}

/** Show the booking as a step left it. */
function changed(to, how = "") {
  booking = to;
  done = how;
  draw();
  byId("state").focus({ preventScroll: true });
}

byId("confirm").addEventListener("click", () =>
  act(byId("confirm"), async () => changed(await post(`${base}/confirm`), "confirmed")),
);

byId("cancel").addEventListener("click", async () => {
  const question = { title: "m.cancel_title", about: "m.cancel_about", yes: "m.cancel_booking", no: "m.keep" };
  const words = Object.fromEntries(Object.entries(question).map(([part, key]) => [part, text(key)]));
  if (await ask(words)) await act(byId("cancel"), async () => changed(await post(`${base}/cancel`)));
});

byId("check-in").addEventListener("click", () =>
  act(byId("check-in"), async () => {
    const issued = await post(`${base}/check-in`, nearby ? await here() : {});
    const { pathname, search } = new URL(issued.scan_url, location.href);
    location.replace(pathname + search);
    return true;
  }),
);

function unknown(problem) {
  if (problem.kind !== "sign-in-needed" || back.goesOn || booking) return false;
  signIn(done ? { [done]: 1 } : {});
  return true;
}

onLanguage(draw);
setInterval(draw, TURN_MS);

const read = data.signedIn
  ? follow(
      () => base,
      EVERY_MS,
      (view) => {
        booking = view;
        draw();
      },
      unknown,
    )
  : unknown({ kind: "sign-in-needed" });
