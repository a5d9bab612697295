// Requests to the server. What changes something is repeated with one Idempotency-Key, so it happens once.

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 300;
const PATIENCE_MS = 12000;

/** A refusal (RFC 9457), or a server that cannot be reached (kind "network"). */
export class Problem extends Error {
  constructor(kind, detail, more = {}) {
    super(detail);
    this.kind = kind;
    this.more = more;
  }
}

function newKey() {
  const octets = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function read(response) {
  const type = response.headers.get("Content-Type") ?? "";
  const said = type.includes("json") ? await response.json() : {};
  if (response.ok) return said;
  const kind = (said.type ?? "").replace("/problems/", "") || `status-${response.status}`;
  throw new Problem(kind, said.detail ?? response.statusText, said);
}

async function attempt(path, options) {
  const timeout = AbortSignal.timeout(PATIENCE_MS);
  let response;
  try {
    response = await fetch(path, { ...options, signal: timeout });
  } catch (error) {
    throw new Problem("network", String(error));
  }
  return read(response);
}

const WORTH_REPEATING = new Set(["network", "overloaded", "hall-unavailable", "rate-limited"]);

/** Ask for something to be done, once, however often it takes to get through. */
export async function post(path, body = {}) {
  const options = {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": newKey() },
    body: JSON.stringify(body),
  };
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt(path, options);
    } catch (error) {
      if (tried >= ATTEMPTS || !WORTH_REPEATING.has(error.kind)) throw error;
      await pause(FIRST_PAUSE_MS * 2 ** tried * (0.5 + Math.random()));
    }
  }
}

/** Read something; the caller decides when to try again. */
export function get(path) {
  return attempt(path, { headers: { Accept: "application/json" } });
}
