// How a ticket stands, told as it changes: a stream of its own, and asking now and then where that fails.

import { get } from "./api.js";

const NEAR_AHEAD = 3;
const NEAR_MS = 3000;
const FAR_MS = 8000;
const ESTIMATE_MS = 20000; // how often the rest of the ticket is read while only its place changes
// And while nothing does: a closure is no change of the ticket. Few are near, and they will come to the hall.
const REST_NEAR_MS = 10000;
const REST_FAR_MS = 60000;
const SILENCE_MS = 40000; // heartbeats come every 15 s
const AGAIN_MS = 30000; // a stream that was refused is tried again

export const ENDED = new Set(["served", "no_show", "cancelled", "expired"]);

const jitter = (ms) => ms * (0.8 + 0.4 * Math.random());

/**
 * Follow the ticket at `path`, which is `first` now. `onTicket(ticket)` is called with each new view of it and
 * `onTurn()` when it is called, or called once more. `heardAt` is when the server was last heard.
 */
export class TicketLive {
  constructor(path, first, { onTicket, onTurn }) {
    this.path = path;
    this.ticket = first;
    this.onTicket = onTicket;
    this.onTurn = onTurn;
    this.heardAt = Date.now();
    this.readAt = Date.now();
    this.source = null;
    this.timers = new Map();
    // A phone in a pocket asks nothing; looked at again, it asks at once.
    document.addEventListener("visibilitychange", () => (document.hidden ? this.rest() : this.wake()));
    addEventListener("pageshow", ({ persisted }) => persisted && this.wake());
    this.connect();
    this.later("read", jitter(NEAR_MS));
  }

  get over() {
    return ENDED.has(this.ticket.state);
  }

  get streams() {
    return this.source?.readyState === EventSource.OPEN && Date.now() - this.heardAt < SILENCE_MS;
  }

  /** Read the whole ticket now. */
  async read() {
    this.stop("read");
    try {
      const ticket = await get(this.path);
      this.heardAt = this.readAt = Date.now();
      this.take(ticket);
    } catch (problem) {
      if (problem.kind === "unknown-ticket") this.take({ ...this.ticket, state: "expired" });
      else this.onTicket(this.ticket);
    }
    if (!this.over && !document.hidden) this.later("read", jitter(this.pause()));
  }

  get near() {
    return this.ticket.state !== "waiting" || this.ticket.ahead <= NEAR_AHEAD;
  }

  /** How long it is until the whole ticket is read again. */
  pause() {
    if (this.streams) return this.near ? REST_NEAR_MS : REST_FAR_MS;
    return this.near ? NEAR_MS : FAR_MS;
  }

  take(ticket) {
    const before = this.ticket;
    this.ticket = ticket;
    const again = ticket.recalls > before.recalls;
    if (ticket.state === "called" && (before.state !== "called" || again)) this.onTurn();
    if (this.over) this.rest();
    this.onTicket(ticket);
  }

  // -- the stream

  connect() {
    if (this.over || document.hidden || !window.EventSource) return;
    this.stop("connect");
    this.source?.close();
    const source = new EventSource(`${this.path}/events`);
    this.source = source;
    const heard = () => {
      this.heardAt = Date.now();
      this.later("silence", SILENCE_MS);
    };
    source.addEventListener("open", heard);
    source.addEventListener("heartbeat", heard);
    source.addEventListener("ticket", (event) => {
      heard();
      this.told(JSON.parse(event.data));
    });
    source.addEventListener("gone", () => {
      this.take({ ...this.ticket, state: "expired" });
      this.rest();
    });
    source.addEventListener("error", () => {
      // A browser tries again by itself, but not after a refusal.
      if (source.readyState === EventSource.CLOSED) this.later("connect", jitter(AGAIN_MS));
      this.later("read", jitter(NEAR_MS));
    });
  }

  /** The stream tells what changed; what it does not tell of the ticket is read, at once if much has changed. */
  told(changed) {
    const { state, ahead, counter, recalls } = this.ticket;
    const moved = changed.state !== state || changed.counter !== counter || changed.recalls !== recalls;
    this.take({ ...this.ticket, ...changed });
    if (moved) return this.read();
    const since = changed.ahead === ahead ? this.pause() : ESTIMATE_MS;
    if (!this.over) this.later("read", jitter(Math.max(1000, this.readAt + since - Date.now())));
  }

  rest() {
    this.source?.close();
    this.source = null;
    for (const name of [...this.timers.keys()]) this.stop(name);
  }

  wake() {
    if (this.over) return;
    this.connect();
    this.read();
  }

  // -- timers

  later(name, ms) {
    this.stop(name);
    const run = { read: () => this.read(), connect: () => this.connect(), silence: () => this.lost() }[name];
    const timer = setTimeout(() => {
      this.timers.delete(name);
      run();
    }, ms);
    this.timers.set(name, timer);
  }

  stop(name) {
    clearTimeout(this.timers.get(name));
    this.timers.delete(name);
  }

  /** A cable that was pulled is no error to a browser: only silence tells. */
  lost() {
    this.connect();
    this.read();
  }
}
