// Lists that are read again and again: what has not changed stays, so that no press and no focus is lost.

import { make } from "./page.js";

const keyOf = (element) => element.getAttribute("href") ?? element.value;

/** Have `list` hold `items`; the focus stays on the link, button or choice that has it. */
export function refill(list, items) {
  const fresh = make("div", {}, ...items);
  if (fresh.innerHTML === list.innerHTML) return;
  const focused = list.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  list.replaceChildren(...fresh.childNodes);
  if (focused === null) return;
  const again = [...list.querySelectorAll("a, button, input")].find((element) => keyOf(element) === focused);
  again?.focus({ preventScroll: true });
}
