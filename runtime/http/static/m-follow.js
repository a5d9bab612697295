// What a page shows of the server, read again and again while somebody looks at it.

import { Problem, get } from "./api.js";
import { byId } from "./page.js";
import { say, sayProblem } from "./m-say.js";

const RETRY_MS = 3000;
const RETRY_MS_MAX = 30000;
const FRESH_MS = 1500; // what is so new is not read again because the page is looked at

/**
 * Read `path()` and give it to `show`, then again after each `everyMs`. Until it was read once the page says
 * that it is being read, or why it cannot be; after that only that the connection is lost.
 *
 * `refused(problem)` may deal with a refusal itself: it returns whether it did.
 */
export function follow(path, everyMs, show, refused = () => false) {
  let timer = 0;
  let failures = 0;
  let readAt = -FRESH_MS;
  let newest = 0;
  let shownOnce = false;

  async function read() {
    clearTimeout(timer);
    const asked = (newest += 1);
    try {
      const view = await get(path());
      if (asked !== newest) return;
      failures = 0;
      readAt = performance.now();
      shownOnce = true;
      byId("reading").hidden = true;
      byId("connection").hidden = true;
      show(view);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (asked !== newest || refused(problem)) return;
      failures += 1;
      byId("connection").hidden = !shownOnce;
      if (!shownOnce) {
        say(byId("reading-said"), () => sayProblem(problem));
        byId("reading-again").hidden = false;
      }
    }
    const pause = failures ? Math.min(RETRY_MS * 2 ** (failures - 1), RETRY_MS_MAX) : everyMs;
    if (!document.hidden) timer = setTimeout(read, pause * (0.8 + 0.4 * Math.random()));
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) look();
  });
  // A page that is gone back to shows what was there when it was left.
  addEventListener("pageshow", ({ persisted }) => persisted && read());
  byId("reading-again").addEventListener("click", () => read());

  function look() {
    if (performance.now() - readAt > FRESH_MS) read();
  }

  read();
  return read;
}
