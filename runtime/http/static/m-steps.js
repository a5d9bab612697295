// Where somebody is within a page: levels of a menu, sheets. Each is a step of the browser's history, so that its
// way back leads out of them one by one, and a page that is loaded again opens where it was.

import { byId, put } from "./page.js";

export class Steps {
  /** `draw(where)` shows a place; `first` is where a page begins that was nowhere yet. */
  constructor(first, draw) {
    this.draw = draw;
    if (!history.state?.where) history.replaceState({ where: first, depth: 0 }, "");
    addEventListener("popstate", () => this.show());
    addEventListener("pageshow", ({ persisted }) => persisted && this.show());
  }

  get where() {
    return history.state.where;
  }

  show() {
    if (history.state?.where) this.draw(this.where);
  }

  go(where) {
    history.pushState({ where, depth: history.state.depth + 1 }, "");
    this.show();
  }

  /** Go one step back, or to `up` where the page was opened here. */
  back(up) {
    if (history.state.depth > 0) return history.back();
    history.replaceState({ where: up, depth: 0 }, "");
    this.show();
  }
}

/** A dialog that tells `onLeave` when somebody wants to leave it: by its button, Escape, or beside it. */
export class Sheet {
  constructor(dialog, close, onLeave) {
    this.dialog = dialog;
    close.addEventListener("click", onLeave);
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      onLeave();
    });
    dialog.addEventListener("click", (event) => event.target === dialog && outside(dialog, event) && onLeave());
  }

  /** The focus goes to `to`, and goes back to where it was when the sheet is hidden. */
  show(to) {
    if (this.dialog.open) return;
    this.dialog.showModal();
    this.dialog.scrollTop = 0;
    to.focus({ preventScroll: true });
  }

  hide() {
    if (this.dialog.open) this.dialog.close();
  }
}

function outside(dialog, { clientX, clientY }) {
  const box = dialog.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}

/** Ask once more; the way back says no. Resolves to whether the answer is yes. */
export function ask({ title, about, yes, no }) {
  const dialog = byId("ask");
  put(byId("ask-title"), title);
  put(byId("ask-text"), about);
  put(byId("ask-yes"), yes);
  put(byId("ask-no"), no);
  const watch = new AbortController();
  const on = (element, name, take) => element.addEventListener(name, take, { signal: watch.signal });
  return new Promise((resolve) => {
    let answer = false;
    history.pushState({ ...history.state, asked: true }, "");
    on(window, "popstate", () => {
      watch.abort();
      dialog.close();
      resolve(answer);
    });
    const leave = (said) => {
      answer = said;
      history.back();
    };
    on(byId("ask-yes"), "click", () => leave(true));
    on(byId("ask-no"), "click", () => leave(false));
    on(dialog, "cancel", (event) => {
      event.preventDefault();
      leave(false);
    });
    dialog.showModal();
    byId("ask-no").focus();
  });
}

// The page was loaded again while it asked.
if (history.state?.asked) history.back();
