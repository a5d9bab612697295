// One phone: the conversation with the account, its menu, and what its owner can do besides.

import { currentLanguage, languageTag, make, put, text } from "./page.js";
import { following, say, send, worded } from "./devices-parts.js";

const LINK = /https?:\/\/[!-~]+/g; // as the server finds them, which opens no others

/** When it was, by the browser's own clock; `second` are seconds of Unix time. */
export function clockTime(second) {
  return new Date(second * 1000).toLocaleTimeString(languageTag(), { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** The address that opens `url` in this person's WeChat. */
const opening = (name, url) => `/phones/${encodeURIComponent(name)}/open?url=${encodeURIComponent(url)}`;

function linkTo(name, url, attributes = {}) {
  return make("a", { href: opening(name, url), target: "_blank", rel: "noopener", ...attributes });
}

// -- messages

function withLinks(name, said) {
  const parts = [];
  let from = 0;
  for (const { 0: url, index } of said.matchAll(LINK)) {
    const link = linkTo(name, url);
    link.textContent = url;
    parts.push(said.slice(from, index), link);
    from = index + url.length;
  }
  return [...parts, said.slice(from)];
}

function field([name, value]) {
  return make("div", {}, make("dt", { textContent: name }), make("dd", { textContent: value }));
}

function messageOf(name, { id, kind, title, text: said, fields, link, at_s }) {
  const message = make("article", { className: `message ${kind}`, "data-message": id });
  message.append(make("time", { textContent: clockTime(at_s) }));
  if (title) message.append(make("h3", { textContent: title }));
  if (said && !fields.length) message.append(make("p", {}, ...withLinks(name, said)));
  if (fields.length) message.append(make("dl", {}, ...fields.map(field)));
  if (link) {
    const details = linkTo(name, link, { className: "details" });
    details.textContent = text("phones.details");
    message.append(details);
  }
  return message;
}

// -- the menu below the conversation

function menuButton(name, button, press) {
  if (button.below.length) {
    return make(
      "details",
      { name: `menu of ${name}` },
      make("summary", { textContent: button.name }),
      make("div", { className: "below" }, ...button.below.map((each) => menuButton(name, each, press))),
    );
  }
  const element = button.url ? linkTo(name, button.url) : make("button", { type: "button" });
  element.textContent = button.name;
  element.addEventListener("click", () => {
    press(button.key);
    element.closest("details")?.removeAttribute("open");
  });
  return element;
}

// -- the whole

export function phoneCard(name, look) {
  const path = (deed) => `/phones/${encodeURIComponent(name)}/${deed}`;
  const labelled = (element, key) => {
    following(() => element.setAttribute("aria-label", text(key, { name })));
    return element;
  };

  async function act(deed, body = {}) {
    const done = await send(path(deed), body);
    if (done?.opens && deed === "scan") window.open(done.opens, "_blank", "noopener");
    await look();
    return done;
  }

  const state = make("p", { className: "state" });
  const follows = make("button", { type: "button", className: "quiet follows" });
  const messages = labelled(make("div", { className: "messages", role: "log", tabindex: "0" }), "phones.messages");
  const menu = labelled(make("nav", { className: "menu" }), "phones.menu");

  function line(className, key, doing, ...inputs) {
    const form = make("form", { className: `line ${className}` }, ...inputs, worded("button", key));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      doing();
    });
    return form;
  }

  const words = labelled(make("input", { maxlength: "600", autocomplete: "off", required: "" }), "phones.say_what");
  const saying = line("say", "phones.say", async () => {
    if (await act("say", { text: words.value })) words.value = "";
  }, words);

  const code = make("input", { list: "codes", maxlength: "2000", autocomplete: "off", required: "" });
  labelled(code, "phones.scan_what");
  following(() => code.setAttribute("placeholder", text("phones.code")));
  const joins = make("input", { type: "checkbox", checked: "" });
  const joining = make("label", { className: "joins" }, joins, worded("span", "phones.joins"));
  const scanning = line("scan", "phones.scan", async () => {
    const done = await act("scan", { code: code.value, yes: joins.checked });
    if (done?.done) code.value = "";
    else if (done) say(text("phones.no_code"));
  }, code);

  const notification = labelled(make("select"), "phones.notification");
  const rejects = worded("button", "phones.reject", { type: "button", className: "quiet" });
  rejects.addEventListener("click", () => act("consent", { template: notification.value, yes: false }));
  const consenting = line("consent", "phones.accept", () => act("consent", { template: notification.value }), notification);
  consenting.append(rejects);

  const box = (key, deed) => {
    const input = make("input", { type: "checkbox", "data-switch": deed });
    input.addEventListener("change", () => act(deed, { yes: input.checked }));
    return { input, element: make("label", {}, input, worded("span", key)) };
  };
  const blocks = box("phones.blocks", "block");
  const virtual = box("phones.virtual", "virtual");
  const more = make("details", { className: "more" }, worded("summary", "phones.more"), consenting, blocks.element, virtual.element);

  let follower = false;
  follows.addEventListener("click", () => act(follower ? "unfollow" : "follow"));

  const element = make(
    "section",
    { className: "phone", "data-person": name },
    make("header", { className: "head" }, make("h2", { textContent: name }), state, follows),
    messages,
    menu,
    saying,
    make("div", { className: "deeds" }, scanning, joining, more),
  );
  labelled(element, "phones.phone_of");

  const drawn = {};
  const changed = (what, key) => {
    if (drawn[what] === key) return false;
    drawn[what] = key;
    return true;
  };

  function showMessages(person) {
    if (!changed("messages", JSON.stringify([currentLanguage(), person.messages]))) return;
    const none = make("p", { className: "soft none", textContent: text("phones.no_messages") });
    const shown = person.messages.map((message) => messageOf(name, message));
    messages.replaceChildren(...(shown.length ? shown : [none]));
    messages.scrollTop = messages.scrollHeight;
  }

  function showConsents(person, { notifications }) {
    if (!changed("consents", JSON.stringify([notifications, person.consents]))) return;
    const kept = notification.value;
    notification.replaceChildren(
      ...notifications.map(({ id, title }) =>
        make("option", { value: id, textContent: person.consents[id] ? `${title} (${person.consents[id]})` : title }),
      ),
    );
    if (kept) notification.value = kept;
    consenting.hidden = !notifications.length;
  }

  function show(person, all) {
    follower = person.following;
    element.dataset.following = follower;
    put(state, text(follower ? "phones.following" : "phones.stranger"));
    put(follows, text(follower ? "phones.unfollow" : "phones.follow"));
    saying.hidden = !follower;
    joining.hidden = follower;
    menu.hidden = !follower || !all.menu.length;
    if (changed("menu", JSON.stringify(all.menu))) {
      menu.replaceChildren(...all.menu.map((each) => menuButton(name, each, (key) => act("click", { key }))));
    }
    blocks.input.checked = person.blocks;
    virtual.input.checked = person.virtual;
    showConsents(person, all);
    showMessages(person);
  }

  return { element, show };
}
