// Saying who one is: WeChat is asked, and the page goes on where it was. What was typed of a person never goes
// into an address: it is typed after coming back.

import { data } from "./page.js";

const MARK = "go";
const KEPT = "m.go";

/** The address that asks WeChat and comes back to this page with `chosen` in its query. */
export function signInAddress(chosen = {}, path = location.pathname) {
  const query = new URLSearchParams(Object.entries(chosen).filter(([, given]) => given !== undefined));
  const to = String(query) ? `${path}?${query}` : path;
  return `${data.signIn}?to=${encodeURIComponent(to)}`;
}

/**
 * Ask WeChat now. Whoever comes back goes on with what was pressed, but only from here: an address that somebody
 * else made does nothing by itself.
 */
export function signIn(chosen = {}) {
  const mark = crypto.randomUUID?.() ?? String(Math.random());
  try {
    sessionStorage.setItem(KEPT, mark);
  } catch {
    // Then what was pressed is pressed once more.
  }
  // In place of this page: the way back leads to what was before it.
  location.replace(signInAddress({ ...chosen, [MARK]: mark }));
}

/**
 * What was chosen before WeChat was asked; `goesOn` says whether it was asked from here. Only what the page
 * itself is about, `keeps`, stays in its address.
 */
export function cameBack(keeps = "") {
  const query = new URLSearchParams(location.search);
  let kept = null;
  try {
    kept = sessionStorage.getItem(KEPT);
    sessionStorage.removeItem(KEPT);
  } catch {
    // As if nothing was kept.
  }
  const goesOn = kept !== null && query.get(MARK) === kept;
  const stays = query.get(keeps);
  const about = stays ? `?${new URLSearchParams([[keeps, stays]])}` : "";
  if (location.search !== about) history.replaceState(history.state, "", location.pathname + about);
  return { chosen: query, goesOn };
}
