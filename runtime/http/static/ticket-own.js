// What the one who took a number can do about it on the phone: leave the queue, and be called without a voice.

import { Problem, get, post } from "./api.js";
import { busy, say, sayProblem } from "./m-say.js";
import { signInAddress } from "./m-sign-in.js";
import { ask } from "./m-steps.js";
import { byId, data, text } from "./page.js";

const base = `/api/v1/my/halls/${encodeURIComponent(data.hall)}/tickets/${encodeURIComponent(data.ticket.id)}`;
const LEAVES = new Set(["waiting", "held", "called"]);

let own = { mine: false, followed: false, silent: false };
let ticket = data.ticket;
let changed = () => {};

const over = () => !LEAVES.has(ticket.state);

function draw() {
  byId("own").hidden = over() || !(own.mine || own.followed);
  byId("leave").hidden = !own.mine;
  byId("silent-row").hidden = !own.followed;
  byId("untold").hidden = !own.mine || own.followed;
  byId("silent").checked = own.silent;
  if (data.signIn !== null) byId("own-sign-in").hidden = over() || data.signedIn;
}

async function read() {
  try {
    own = await get(base);
  } catch {
    // Then it is as with somebody else's ticket: it is looked at.
  }
  draw();
}

async function act(element, deed) {
  if (busy(element, true)) return;
  say(byId("own-said"));
  try {
    await deed();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    say(byId("own-said"), () => sayProblem(problem));
  } finally {
    busy(element, false);
    draw();
    changed();
  }
}

async function setSilent(silent) {
  const { ticket: now } = await post(`${base}/silent`, { silent });
  own = { ...own, followed: now.followed, silent: now.silent };
}

byId("leave").addEventListener("click", async () => {
  const words = {
    title: text("m.leave_title", { number: ticket.number }),
    about: text("m.leave_about"),
    yes: text("m.leave"),
    no: text("m.stay"),
  };
  if (await ask(words)) await act(byId("leave"), () => post(`${base}/cancel`));
});

byId("silent").addEventListener("change", () => {
  const silent = byId("silent").checked;
  act(byId("silent"), () => setSilent(silent));
});

// Who did not follow the account when WeChat was to tell something is told nothing more, until asking for it.
byId("tell").addEventListener("click", () => act(byId("tell"), () => setSilent(false)));

if (data.signIn !== null) {
  byId("own-link").href = signInAddress(data.code ? { c: data.code } : {});
  if (data.signedIn) read();
}

/** Show what can be done about the ticket as it is now; `done` is called once something was. */
export function showOwn(now, done) {
  const changedHands = now.followed !== ticket.followed;
  ticket = now;
  changed = done;
  if (changedHands && data.signedIn) read();
  draw();
}
