// The menu of a kiosk: a tree of pages with services at its leaves, one page on the screen at a time.

import { unavailable } from "./opening.js";
import { byId, data, make, nameIn, put, text } from "./page.js";

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
