// The sheet of a service: how long it takes now, what is asked for, and the number itself.

import { Problem, get, post } from "./api.js";
import { NoPosition, here } from "./m-position.js";
import { PersonField, partyField } from "./m-person.js";
import { busy, counted, crowd, say, sayProblem } from "./m-say.js";
import { signIn } from "./m-sign-in.js";
import { Sheet } from "./m-steps.js";
import { unavailable } from "./opening.js";
import { byId, currentLanguage, data, nameIn, onLanguage, put, text, waitOf } from "./page.js";

const HALL = encodeURIComponent(data.hall);
const TYPED = new Set(["phone", "document"]);
const OVER = new Set(["served", "no_show", "cancelled", "expired"]);

export class Take {
  /** `onLeave()` is called when somebody wants to leave the sheet. */
  constructor(onLeave) {
    this.sheet = new Sheet(byId("sheet"), byId("sheet-close"), onLeave);
    this.person = new PersonField();
    this.party = partyField();
    this.service = null;
    this.nearby = data.reach !== null; // whether the hall wants to know where the phone is
    this.again = () => {};
    byId("take").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    onLanguage(() => this.draw());
  }

  /** `again()` has the hall read anew when it refused something. */
  onTaken(again) {
    this.again = again;
  }

  /** Show the sheet of `service` as it is now; without one there is no sheet. */
  show(service) {
    if (!service) {
      this.service = null;
      this.person.ask(null);
      this.sheet.hide();
      return;
    }
    const another = this.service?.id !== service.id;
    this.service = service;
    if (another) {
      this.party.set(1);
      byId("silent").checked = false;
      byId("have").hidden = true;
      say(byId("take-said"));
    }
    this.draw();
    this.sheet.show(byId("sheet-title"));
  }

  /** Whether WeChat has to say who it is before anything is typed: what is typed does not outlive the way there. */
  get asksWeChatFirst() {
    return !data.signedIn && TYPED.has(this.service.identity);
  }

  draw() {
    const service = this.service;
    if (!service) return;
    const why = unavailable(service) || (service.by_phone ? "" : text("m.not_by_phone"));
    put(byId("sheet-title"), nameIn(service.names));
    const wait = waitOf(service) || text("m.wait_unknown");
    put(byId("crowd"), unavailable(service) ? "" : `${crowd(service)} · ${wait}`);
    put(byId("why-not"), why);
    byId("asked").hidden = Boolean(why);
    this.person.ask(this.asksWeChatFirst ? null : service.identity);
    put(byId("told"), service.lead ? counted("m.told", service.lead) : text("m.told_at_call"));
    put(byId("asks-position"), this.nearby ? text("m.position_asked") : "");
    const go = byId("go");
    go.hidden = Boolean(why);
    const name = this.asksWeChatFirst ? "m.sign_in_first" : this.nearby ? "m.take_here" : "m.take";
    put(go, text(go.getAttribute("aria-disabled") === "true" ? "kiosk.taking" : name));
    const book = byId("book");
    book.hidden = !service.bookable;
    book.href = `/m/halls/${HALL}/book/${encodeURIComponent(service.id)}`;
  }

  // -- taking

  /** Go on with what was pressed before WeChat was asked. */
  comeBack({ chosen, goesOn }) {
    if (!this.service || this.service.id !== chosen.get("service")) return;
    this.party.set(chosen.get("party") ?? 1);
    byId("silent").checked = chosen.get("silent") === "1";
    this.askedWeChat = goesOn;
    if (TYPED.has(this.service.identity)) {
      if (!byId("asked").hidden && !this.asksWeChatFirst) this.person.input.focus();
      else if (goesOn) say(byId("take-said"), () => text("m.no_sign_in"));
    } else if (goesOn && !this.nearby && !byId("go").hidden) {
      this.submit();
    }
  }

  get chosen() {
    return {
      service: this.service.id,
      party: this.party.get() > 1 ? this.party.get() : undefined,
      silent: byId("silent").checked ? 1 : undefined,
    };
  }

  async submit() {
    const service = this.service;
    if (byId("go").hidden) return;
    const chosen = this.chosen;
    if (this.asksWeChatFirst) return signIn(chosen);
    const person = this.person.given();
    if (!person || busy(byId("go"), true)) return;
    say(byId("take-said"));
    byId("have").hidden = true;
    this.draw();
    let leaves = false;
    try {
      const position = this.nearby ? await here() : {};
      const body = { service: service.id, language: currentLanguage(), party: this.party.get(), ...person, ...position };
      if (byId("silent").checked) body.silent = true;
      const issued = await post(`/api/v1/my/halls/${HALL}/tickets`, body);
      leaves = true;
      this.person.clear();
      const { pathname, search } = new URL(issued.scan_url, location.href);
      // In place of the sheet: the way back leads to the hall.
      location.replace(pathname + search);
    } catch (error) {
      leaves = this.refused(error, service, chosen);
    } finally {
      // Until the next page is there the button stays as it is: a second press takes no second number.
      if (!leaves) busy(byId("go"), false);
      this.draw();
    }
  }

  /** Show why there is no number for `service`; whether another page comes. */
  refused(error, service, chosen) {
    if (!(error instanceof NoPosition || error instanceof Problem)) throw error;
    // Its sheet was left meanwhile: nothing was taken, and nobody asks any more.
    if (this.service?.id !== service.id) return false;
    if (error instanceof NoPosition) {
      say(byId("take-said"), () => text(`m.position.${error.why}`));
      return false;
    }
    if (error.kind === "sign-in-needed" && !this.askedWeChat) {
      signIn(chosen);
      return true;
    }
    if (error.kind === "sign-in-needed") {
      say(byId("take-said"), () => text("m.no_sign_in"));
      return false;
    }
    if (error.kind === "position-needed") this.nearby = true;
    if (error.kind === "identity-invalid" && this.person.kind) {
      this.person.refuse("refused");
      this.person.input.focus();
      return false;
    }
    say(byId("take-said"), () => sayProblem(error));
    byId("take-said").scrollIntoView({ block: "nearest" });
    if (error.kind === "person-limit") this.findOwn(service);
    this.again();
    return false;
  }

  /** Lead to the number that somebody has for the service already. */
  async findOwn(service) {
    const mine = await get("/api/v1/my").catch(() => null);
    const own = mine?.halls
      .find(({ id }) => id === data.hall)
      ?.tickets.find((ticket) => ticket.service === service.id && !OVER.has(ticket.state));
    if (!own || this.service?.id !== service.id) return;
    const { pathname, search } = new URL(own.scan_url, location.href);
    byId("have").href = pathname + search;
    say(byId("have"), () => text("m.have", { number: own.number }));
    byId("have").hidden = false;
  }
}
