// A switch for each trouble that the stand-in can have, and above them how a trouble is to be that begins.

import { byId, data, make, put, text } from "./page.js";
import { following, send, worded } from "./devices-parts.js";

const SECONDS = [10, 60, 600, 3600];
const PERCENTS = [100, 50, 10];
const PATHS = ["/", "/cgi-bin/message/", "/cgi-bin/stable_token", "/cgi-bin/qrcode/", "/connect/", "/sns/"];
const DELAYS = [3, 7, 30];
const LATE = new Set(["delay", "late_callbacks"]); // these need a time
const AT_ONCE = new Set(["revoked"]); // it is over as soon as it was

function choice(id, key, values, said) {
  const select = make("select", { id });
  const options = values.map((value) => make("option", { value }));
  select.append(...options);
  following(() => options.forEach((option) => put(option, said(option.value))));
  return make("div", {}, worded("label", key, { for: id }), select);
}

const after = make("input", { type: "checkbox", id: "done" });

byId("terms").append(
  choice("seconds", "phones.lasts", SECONDS, (value) => text("phones.seconds", { value })),
  choice("percent", "phones.share", PERCENTS, (value) => `${value} %`),
  choice("path", "phones.calls", PATHS, (value) => (value === "/" ? text("phones.all_calls") : value)),
  choice("delay", "phones.delay", DELAYS, (value) => text("phones.seconds", { value })),
  make("label", { className: "done" }, after, worded("span", "phones.done")),
);
byId("seconds").value = "60";

function termsOf(kind) {
  const number = (id) => Number(byId(id).value);
  return {
    seconds: number("seconds"),
    percent: number("percent"),
    path: byId("path").value,
    delay_s: LATE.has(kind) ? number("delay") : 0,
    done: after.checked,
  };
}

const rows = new Map(); // by kind

function rowOf(kind, look) {
  const on = { now: false };
  const button = make("button", { type: "button", className: "breaks", "data-trouble": kind });
  if (!AT_ONCE.has(kind)) button.setAttribute("role", "switch");
  const left = make("span", { className: "left" });
  button.append(worded("span", `phones.trouble.${kind}`), left);
  button.addEventListener("click", async () => {
    if (on.now) await send(`/troubles/${kind}/end`, {});
    else await send(`/troubles/${kind}`, termsOf(kind));
    await look();
  });
  const show = (trouble) => {
    on.now = trouble !== undefined && !AT_ONCE.has(kind);
    if (!AT_ONCE.has(kind)) button.setAttribute("aria-checked", String(on.now));
    put(left, on.now ? text("phones.left", { value: Math.ceil(trouble.left_s) }) : "");
  };
  return { button, show };
}

/** Show which troubles are on; `look` reads the state anew. */
export function showTroubles(troubles, look) {
  if (!rows.size) {
    for (const kind of data.kinds) {
      const row = rowOf(kind, look);
      rows.set(kind, row);
      byId("troubles").append(row.button);
    }
  }
  for (const [kind, row] of rows) row.show(troubles.find((each) => each.kind === kind));
}
