// Checking in for an appointment: what a scanner types, what is asked of the server, and why it says no.

import { get } from "./api.js";
import { currentLanguage, data, text } from "./page.js";

const base = `/api/v1/halls/${encodeURIComponent(data.hall)}`;
const SCAN_GAP_MS = 100; // a scanner types faster than anybody
const SCAN_CHARACTERS_MAX = 200;
const SCAN_CHARACTERS_MIN = 6; // fewer before an Enter were typed by hand
const HAS_TICKET = new Set(["waiting", "called", "serving", "held"]);

/** Whether anything can be booked in this hall. */
export const possible = data.checkIn.length > 0;

/** The request that checks in with a booking's code, or with the phone or document that it was made with. */
export function request(kind, typed) {
  const path = kind === "code" ? `${base}/bookings/${encodeURIComponent(typed)}/check-in` : `${base}/bookings/check-in`;
  const body = { kiosk: data.kiosk };
  if (kind !== "code") body[kind] = typed;
  // Who chose no language here gets the one of the booking.
  if (currentLanguage() !== data.language) body.language = currentLanguage();
  return [path, body];
}

/**
 * What became of a booking that cannot be checked in: `ticket`, if its customer has one that is not over, or
 * `why`, which says it in the language that is chosen then. Neither where that cannot be told.
 */
export async function whatBecameOf(code) {
  try {
    const booking = await get(`${base}/bookings/${encodeURIComponent(code)}`);
    if (booking.ticket) {
      const ticket = await get(`${base}/tickets/${encodeURIComponent(booking.ticket)}`);
      return HAS_TICKET.has(ticket.state) ? { ticket } : { why: () => text("kiosk.checkin.was.served") };
    }
    const key = `kiosk.checkin.was.${booking.state}`;
    if (text(key) === key) return {};
    return { why: () => text(key, { reason: booking.reason ?? "" }) };
  } catch {
    return {};
  }
}

/** Tells a scanner, which types a whole text at once and then Enter, from people. */
export class Scanner {
  /** `onScan(typed)` is called with what may have been scanned, and says whether it was. */
  constructor(onScan) {
    this.onScan = onScan;
    this.typed = "";
    this.typedAt = 0;
  }

  /** Take a key; whether it ended a scan. */
  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return false;
    const late = event.timeStamp - this.typedAt > SCAN_GAP_MS;
    this.typedAt = event.timeStamp;
    if (event.key === "Enter") {
      const typed = late ? "" : this.typed;
      this.typed = "";
      return typed.length >= SCAN_CHARACTERS_MIN && this.onScan(typed);
    }
    if (event.key.length === 1) this.typed = ((late ? "" : this.typed) + event.key).slice(-SCAN_CHARACTERS_MAX);
    return false;
  }
}
