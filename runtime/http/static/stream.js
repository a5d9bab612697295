// A hall as it is now: read once, then kept up to date by its events.

import { get } from "./api.js";

const READ_PAUSE_MS = 250; // events come in bursts: one reading serves them all
const RETRY_MS = 2000;
const SILENCE_MS = 40000; // heartbeats come every 15 s

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Follow the hall `id`.
 *
 * `onHall(view)` is called with each new view of it; `onRecord(record)` with each durable event after the
 * first view, in order and once, also those that happened while the connection was lost; `live` maps names
 * of messages about the present moment to functions; `onConnection(connected)` says whether all this is fresh.
 */
export function followHall(id, { onHall, onRecord = () => {}, live = {}, onConnection = () => {} }) {
  const base = `/api/v1/halls/${encodeURIComponent(id)}`;
  let streamed = 0; // the last event that onRecord was given, or that came before the first view
  let reading = false;
  let outdated = false;
  let source = null;
  let heardAt = 0;

  async function readHall() {
    outdated = true;
    if (reading) return;
    reading = true;
    while (outdated) {
      outdated = false;
      try {
        onHall(await get(base));
        await pause(READ_PAUSE_MS);
      } catch {
        onConnection(false);
        outdated = true;
        await pause(RETRY_MS);
      }
    }
    reading = false;
  }

  function connect() {
    source?.close();
    heardAt = Date.now();
    source = new EventSource(`${base}/events?after=${streamed}`);
    const on = (name, take) =>
      source.addEventListener(name, (event) => {
        heardAt = Date.now();
        take(JSON.parse(event.data));
      });
    source.onopen = () => {
      heardAt = Date.now();
      onConnection(true);
      readHall();
    };
    source.onerror = () => {
      onConnection(false);
      // A browser tries again by itself, but not after a refusal, as while the server starts.
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
    };
    on("heartbeat", () => {});
    on("record", (record) => {
      if (record.seq <= streamed) return;
      streamed = record.seq;
      onRecord(record);
      readHall();
    });
    on("reset", ({ seq }) => {
      streamed = seq;
      readHall();
    });
    for (const [name, take] of Object.entries(live)) on(name, take);
  }

  // A cable that was pulled is no error to a browser: only silence tells.
  setInterval(() => {
    if (source && Date.now() - heardAt > SILENCE_MS) {
      onConnection(false);
      connect();
    }
  }, RETRY_MS);

  (async () => {
    for (;;) {
      try {
        const view = await get(base);
        streamed = view.seq;
        onHall(view);
        return connect();
      } catch {
        onConnection(false);
        await pause(RETRY_MS);
      }
    }
  })();
}
