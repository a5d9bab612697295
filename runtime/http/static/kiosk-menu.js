// The menu of a kiosk: a tree of pages with services at its leaves, one page on the screen at a time.

import { byId, data, make, nameIn, put, text } from "./page.js";

const DAY_MS = 86400000;
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const inZone = new Intl.DateTimeFormat("en-GB", {
  timeZone: data.timeZone,
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  weekday: "short",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

function clock(at) {
  const parts = Object.fromEntries(inZone.formatToParts(at).map(({ type, value }) => [type, value]));
  return {
    day: `${parts.year}-${parts.month}-${parts.day}`,
    number: Date.UTC(parts.year, parts.month - 1, parts.day) / DAY_MS,
    weekday: WEEKDAYS.indexOf(parts.weekday) + 1,
    time: `${parts.hour}:${parts.minute}`,
  };
}

/** A moment as a person says it, in the hall's time zone and the language chosen. */
export function when(moment) {
  const at = clock(new Date(moment));
  const days = at.number - clock(new Date()).number;
  const key = { 0: "when.today", 1: "when.tomorrow" }[days] ?? "when.day";
  return text(key, { ...at, weekday: text(`when.weekday.${at.weekday}`) });
}

/** Why a service gives out no ticket now; nothing if it does. */
export function unavailable(service) {
  const { open = true, full = false, opens_at = null, closure = null } = service ?? {};
  if (open && !full) return "";
  if (!open && closure) {
    const again = opens_at ? { when: when(opens_at), reason: closure } : { reason: closure };
    return text(opens_at ? "kiosk.closed_because_until" : "kiosk.closed_because", again);
  }
  if (!opens_at) return text(full ? "kiosk.full" : "kiosk.closed");
  return text(full ? "kiosk.full_until" : "kiosk.closed_until", { when: when(opens_at) });
}

function leaves(entry) {
  return entry.service ? 1 : entry.entries.reduce((sum, inner) => sum + leaves(inner), 0);
}

/** Draw the menu into the page; `onService(service)` is called with the one that is chosen. */
export class MenuPages {
  constructor(onService) {
    this.onService = onService;
    this.path = []; // the pages that were entered, the outermost first
    this.drawn = null;
    this.services = new Map(data.services.map((service) => [service.id, service]));
    byId("menu-back").addEventListener("click", () => this.leave());
  }

  get page() {
    return this.path.at(-1) ?? null;
  }

  /** Go back to the first page. */
  reset() {
    this.path = [];
  }

  enter(page) {
    this.path.push(page);
    this.moved();
  }

  leave() {
    this.path.pop();
    this.moved();
  }

  moved() {
    this.draw(this.hall);
    byId("services").scrollTop = 0;
    byId("choose-title").focus({ preventScroll: true });
  }

  draw(hall) {
    this.hall = hall;
    const entries = this.page ? this.page.entries : data.menu;
    const list = byId("services");
    if (this.drawn !== entries) {
      list.replaceChildren(...entries.map((entry) => make("li", {}, this.button(entry))));
      this.drawn = entries;
    }
    const live = new Map((hall?.services ?? []).map((service) => [service.id, service]));
    entries.forEach((entry, index) => this.fill(list.children[index].firstChild, entry, live));
    byId("menu-back").hidden = !this.page;
    put(byId("choose-title"), this.page ? nameIn(this.page.names) : text("kiosk.choose"));
  }

  button(entry) {
    const button = make("button", { type: "button", className: entry.service ? "service" : "service further" });
    button.append(make("span", { className: "service-name" }), make("span", { className: "service-waiting" }));
    button.addEventListener("click", () => {
      if (entry.service) this.onService(this.services.get(entry.service));
      else this.enter(entry);
    });
    return button;
  }

  fill(button, entry, live) {
    const [name, said] = button.children;
    if (!entry.service) {
      put(name, nameIn(entry.names));
      const count = leaves(entry);
      put(said, text(count === 1 ? "kiosk.further_one" : "kiosk.further", { count }));
      return;
    }
    const service = live.get(entry.service);
    const why = unavailable(service);
    button.disabled = why !== "";
    put(name, nameIn(this.services.get(entry.service).names));
    const people = service?.waiting;
    const waiting = people ? text("kiosk.waiting", { count: people }) : text("kiosk.nobody");
    put(said, why || (people === undefined ? "" : waiting));
  }
}
