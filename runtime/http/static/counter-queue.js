// The lists beside a counter's ticket: who waits, who is held, who was brought to an end and may come back.

import { get } from "./api.js";
import { byId, make, nameIn, onLanguage, put, text } from "./page.js";

const READ_PAUSE_MS = 1000; // the lists may be a moment behind; the ticket is not
const CLASSES = new Set(["priority", "appointment"]);
const LISTS = { held: ["call", "resume"], waiting: ["call"], ended: ["reactivate"] };
const NAMES = {
  call: ["counter.call", "counter.call_of"],
  resume: ["counter.resume", "counter.resume_of"],
  reactivate: ["counter.reactivate", "counter.reactivate_of"],
};

/**
 * Show the lists of the counter at `path`; `take(step, ticket)` is called when a button is pressed.
 *
 * Returns `refresh(waiting)` to read them anew, `mark(disabled)` and `queue()`, what was read last.
 */
export function listQueue(path, serviceNames, take) {
  let queue = null;
  let waitingInAll = 0;
  let reading = false;
  let outdated = false;
  let disabled = false;
  let changed = () => {};

  async function refresh(waiting) {
    waitingInAll = waiting;
    outdated = true;
    if (reading) return;
    reading = true;
    while (outdated) {
      outdated = false;
      try {
        queue = await get(`${path}/queue`);
        draw();
        changed();
      } catch {
        // The page says that the connection is lost; with the next view of the hall this is read again.
      }
      await new Promise((resolve) => setTimeout(resolve, READ_PAUSE_MS));
    }
    reading = false;
  }

  function draw() {
    if (!queue) return;
    for (const [name, steps] of Object.entries(LISTS)) drawList(name, queue[name], steps);
  }

  function drawList(name, tickets, steps) {
    const list = byId(`queue-${name}`).querySelector("ul");
    const rows = tickets.map((ticket) => row(ticket, name, steps));
    const focus = list.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    // Rows that say the same stay: a row that is put in anew would lose the focus and a half-done click.
    const same = rows.length === list.children.length && rows.every((row, at) => row.isEqualNode(list.children[at]));
    if (!same) {
      list.replaceChildren(...rows);
      if (focus) list.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
    }
    const more = name === "waiting" ? waitingInAll - tickets.length : 0;
    const none = tickets.length === 0 ? text("counter.queue_none") : "";
    put(byId(`queue-${name}`).querySelector("p"), more > 0 ? text("counter.queue_more", { count: more }) : none);
  }

  function row(ticket, name, steps) {
    const since = Date.parse(name === "ended" ? ticket.ended_at : ticket.waiting_since);
    const said = [
      nameIn(serviceNames.get(ticket.service) ?? {}) || ticket.service,
      text("counter.minutes", { count: Math.max(0, Math.floor((Date.now() - since) / 60000)) }),
    ];
    if (name === "ended") said.push(text(`state.${ticket.state}`));
    if (CLASSES.has(ticket.class)) said.push(text(`counter.class.${ticket.class}`));
    if (ticket.party > 1) said.push(text("counter.party", { count: ticket.party }));
    if (ticket.reserved) said.push(text("counter.reserved"));
    const facts = make(
      "div",
      {},
      make("b", { textContent: ticket.number }),
      make("span", { className: "soft", textContent: said.join(" · ") }),
    );
    if (ticket.note) facts.append(make("small", { className: "noted", textContent: ticket.note }));
    const buttons = steps.map((step) => {
      const button = make("button", {
        type: "button",
        textContent: text(NAMES[step][0]),
        "aria-label": text(NAMES[step][1], { number: ticket.number }),
        "aria-disabled": String(disabled),
      });
      Object.assign(button.dataset, { focus: `${step}/${ticket.id}`, take: step, ticket: ticket.id });
      return button;
    });
    return make("li", {}, facts, make("span", {}, ...buttons));
  }

  for (const name of Object.keys(LISTS)) {
    byId(`queue-${name}`).addEventListener("click", (event) => {
      const { take: step, ticket: id } = event.target.closest("button")?.dataset ?? {};
      const ticket = queue?.[name].find((candidate) => candidate.id === id);
      if (ticket && !disabled) take(step, ticket);
    });
  }

  onLanguage(draw);
  setInterval(draw, 30000); // minutes go by

  return {
    refresh,
    queue: () => queue,
    onChange(call) {
      changed = call;
    },
    mark(busy) {
      if (busy === disabled) return;
      disabled = busy;
      draw();
    },
  };
}
