// A switch for each virtual device: on, it has the fault that is chosen beside it; off, it is well.

import { Problem, get } from "./api.js";
import { byId, data, make, onLanguage, put, text } from "./page.js";
import { hush, named, send } from "./devices-parts.js";

const PAUSE_MS = 700;
const HIDDEN_PAUSE_MS = 4000; // nobody looks
const LASTS_S = 300; // or as long as the fault may
const SHORT = { "terminal-restart": 60, "terminal-stuck-key": 60 };

const rows = new Set();

function placeName(device) {
  const [kind, counter] = device.place.split("/");
  if (device.target === "terminal" && counter !== undefined) {
    return text(`faults.device.${kind}`, { place: device.place.split("/").slice(1).join("/") });
  }
  if (device.place === "server") return text("faults.device.server");
  return text(`faults.device.${device.target}`, { place: device.place });
}

function deviceRow(hall, device) {
  const path = `/api/v1/devices/${encodeURIComponent(hall.id)}/faults`;
  const title = make("h3");
  const kinds = make("select");
  const options = device.kinds.map((kind) => make("option", { value: kind }));
  kinds.append(...options);
  const breaks = make("button", { type: "button", role: "switch", className: "breaks", "aria-checked": "false" });
  const left = make("p", { className: "left" });
  const row = make("section", { className: "card device", "data-device": `${device.target} ${device.place}` });
  row.append(title, breaks, kinds, left);
  const name = () => {
    put(title, placeName(device));
    for (const option of options) put(option, text(`faults.kind.${option.value}`));
    kinds.setAttribute("aria-label", text("faults.choose", { device: title.textContent }));
    breaks.setAttribute("aria-label", text("faults.break", { device: title.textContent }));
  };
  onLanguage(name);
  name();
  let mine = [];
  let sending = false; // what is shown meanwhile is older than the click
  breaks.addEventListener("click", async () => {
    sending = true;
    if (mine.length) {
      for (const fault of mine) await send(`${path}/${encodeURIComponent(fault.id)}/end`, {});
    } else {
      const kind = kinds.value;
      await send(path, { kind, where: device.place, seconds: SHORT[kind] ?? LASTS_S });
    }
    sending = false;
    await look();
  });
  rows.add((halls) => {
    if (sending) return;
    mine = halls[hall.id].filter(({ kind, where }) => device.kinds.includes(kind) && (where ?? device.place) === device.place);
    const broken = mine.length > 0;
    row.dataset.broken = broken;
    breaks.setAttribute("aria-checked", String(broken));
    kinds.disabled = broken;
    if (broken) kinds.value = mine[0].kind;
    put(left, mine.map(({ kind, left_s }) => text("faults.left", { fault: text(`faults.kind.${kind}`), seconds: Math.round(left_s) })).join(" · "));
  });
  return row;
}

function layout() {
  for (const hall of data.halls) {
    const devices = make("div", { className: "devices" });
    devices.append(...hall.devices.map((device) => deviceRow(hall, device)));
    byId("halls").append(named("h2", hall.names), devices);
  }
}

async function look() {
  try {
    const halls = await get("/api/v1/devices/faults");
    byId("connection").hidden = true;
    for (const show of rows) show(halls);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    byId("connection").hidden = false;
  }
}

async function follow() {
  for (;;) {
    await look();
    hush();
    await new Promise((resolve) => setTimeout(resolve, document.hidden ? HIDDEN_PAUSE_MS : PAUSE_MS));
  }
}

layout();
follow();
