// The virtual devices: what they show is read a few times a second; keys and switches are sent.

import { Problem, get } from "./api.js";
import { byId, data, make, onLanguage, text } from "./page.js";
import { deviceOf, draw, hush, inHall, named, send, worded } from "./devices-parts.js";
import { counterCard } from "./devices-terminals.js";

const PAUSE_MS = 400;
const HIDDEN_PAUSE_MS = 4000; // nobody looks
const SWITCHES = ["paper_out", "cover_open", "offline", "silent"];

// -- a printer: its troubles, and the paper that came out

function printerCard(hall, kiosk) {
  const path = deviceOf(hall, "printers", kiosk.id);
  const switches = SWITCHES.map((name) => {
    const box = make("input", { type: "checkbox", "data-switch": name });
    let sending = false; // what is shown meanwhile is older than the click
    box.addEventListener("change", async () => {
      sending = true;
      await send(path, { [name]: box.checked });
      sending = false;
    });
    draw.add((halls) => {
      if (!sending) box.checked = halls[hall.id].printers[kiosk.id][name];
    });
    return make("label", { className: "switch" }, box, worded("span", `devices.${name}`));
  });
  const papers = make("div", { className: "papers", role: "region", tabindex: "0" });
  const label = () => papers.setAttribute("aria-label", text("devices.papers"));
  onLanguage(label);
  label();
  let drawn = "";
  draw.add((halls) => {
    const found = halls[hall.id].printers[kiosk.id].papers;
    const key = JSON.stringify(found);
    if (key === drawn) return;
    drawn = key;
    papers.replaceChildren(...(found.length ? found.toReversed().map(ticketPaper) : [noPaper()]));
  });
  return make(
    "section",
    { className: "card printer" },
    make(
      "header",
      { className: "head" },
      named("h3", kiosk.names),
      worded("a", "devices.kiosk_page", { href: inHall(hall.id, "kiosk", kiosk.id) }),
    ),
    make("div", { className: "switches", role: "group" }, ...switches),
    make("div", { className: "slot" }),
    papers,
  );
}

function noPaper() {
  return worded("p", "devices.no_papers", { className: "soft" });
}

function ticketPaper(paper) {
  const lines = paper.lines.map((line) =>
    /^-+$/.test(line)
      ? make("hr")
      : make("p", { textContent: line || "\u00a0", className: line === paper.number ? "paper-number" : "" }),
  );
  const above = lines.findLastIndex((line) => line.tagName === "HR");
  lines.splice(above < 0 ? lines.length : above, 0, ...paper.codes.map(scannable));
  return make("article", { className: "paper" }, ...lines);
}

/**
 * A ticket's QR code, as a link to what it leads to: here the browser is the phone. One of WeChat's leads nowhere
 * without WeChat: it can be copied, for a phone of the stand-in to scan.
 */
function scannable(code) {
  const { pathname, search } = new URL(code, location.href);
  if (!pathname.startsWith("/t/")) {
    const drawn = `/devices/qr.svg?code=${encodeURIComponent(code)}`;
    const image = make("img", { src: drawn, alt: "", width: "120", height: "120" });
    return make("p", { className: "paper-code" }, image, make("code", { textContent: code }));
  }
  const image = make("img", { src: `${pathname}/qr.svg${search}`, alt: code, width: "120", height: "120" });
  return make("a", { href: pathname + search, className: "paper-code" }, image);
}

// -- a gateway: its radio module may be pulled out

function gatewayCard(hall, gateway) {
  const path = deviceOf(hall, "gateways", gateway);
  const box = make("input", { type: "checkbox", "data-switch": "unplugged" });
  let sending = false; // what is shown meanwhile is older than the click
  box.addEventListener("change", async () => {
    sending = true;
    await send(path, { plugged: !box.checked });
    sending = false;
  });
  draw.add((halls) => {
    if (!sending) box.checked = !halls[hall.id].gateways[gateway].plugged;
  });
  return make(
    "section",
    { className: "card gateway" },
    make("header", { className: "head" }, worded("h3", "devices.gateway", {}, { id: gateway })),
    make("div", { className: "switches", role: "group" },
      make("label", { className: "switch" }, box, worded("span", "devices.unplugged"))),
  );
}

// -- the page

function layout() {
  for (const hall of data.halls) {
    byId("halls").append(
      make(
        "header",
        { className: "head" },
        named("h2", hall.names),
        worded("a", "devices.display_page", { href: inHall(hall.id, "display") }),
      ),
      make("div", { className: "row" }, ...hall.counters.map((counter) => counterCard(hall, counter))),
      make(
        "div",
        { className: "row" },
        ...hall.kiosks.map((kiosk) => printerCard(hall, kiosk)),
        ...hall.gateways.map((gateway) => gatewayCard(hall, gateway)),
      ),
    );
  }
}

async function follow() {
  for (;;) {
    try {
      const halls = await get("/api/v1/devices");
      byId("connection").hidden = true;
      for (const device of draw) device(halls);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      byId("connection").hidden = false;
    }
    hush();
    await new Promise((resolve) => setTimeout(resolve, document.hidden ? HIDDEN_PAUSE_MS : PAUSE_MS));
  }
}

layout();
follow();
