/**
 * Shows the messages that the people who run the study write to participants, on every page. A message stays until the
 * participant closes it, also after a reload and on the pages that follow. The page asks for messages when it is loaded, when
 * its socket brings notice of one, and once a minute. A classic script, which needs `dallinger2.js`.
 */
(function () {
  "use strict";
  const { dallinger } = window;
  if (!dallinger || window.petri?.messages) return;

  const OPEN_POLL_FACTOR = 5; // with an open socket, polling only makes up for lost notices
  const SPREAD_MS = 3000; // a message to all isn't fetched by all in the same moment

  let box = null;
  let last = 0; // the newest message of the run that this page has asked for
  let lookAfter = 60; // in seconds; the server says it
  let polling;
  let isAsking = false;
  const shown = new Map(); // by number
  const unread = new Set(); // shown while the page was in the background
  const closed = new Set();
  const untold = new Map(); // what the server hasn't heard yet: whether each of these messages is closed

  // A study's page speaks the participant's language, the other pages English.
  const translated = (text) => window.petri.study?.text?.(text) ?? text;
  const language = () => (window.petri.study ? document.documentElement.lang : "en");

  /* ---- Asking ------------------------------------------------------------------------------------------------- */

  // A request in the background: it enters no participant, takes no page over and shows no banner. `dallinger2.js`, which does
  // all of that, stores the token.
  async function ask(method, fields) {
    const { identity, storage } = dallinger;
    const token = storage.get(`petri:${identity.uniqueId}`)?.token;
    if (!token || !identity.participantId) return { status: 0 };
    const address = `/participant/${identity.participantId}/messages`;
    const data = new URLSearchParams(fields);
    const headers = { Authorization: `Bearer ${token}`, Accept: "application/json" };
    try {
      const asked = method === "GET" ? await fetch(`${address}?${data}`, { headers })
        : await fetch(address, { method, headers, body: data, keepalive: true });
      return { status: asked.status, answer: asked.ok ? await asked.json() : null };
    } catch {
      return { status: 0 };
    }
  }

  async function look() {
    clearTimeout(polling);
    if (isAsking) return;
    isAsking = true;
    const { status, answer } = await ask("GET", { after: String(last) });
    isAsking = false;
    if (answer) {
      last = Math.max(last, Number(answer.last) || 0);
      lookAfter = Number(answer.look_after) || 0;
      repeatUntold();
      (answer.messages || []).forEach(show);
    }
    if (status !== 404) lookLater(); // otherwise the run doesn't know the participant
  }

  function lookLater() {
    clearTimeout(polling);
    if (lookAfter <= 0) return;
    const factor = window.petri.hasSocket?.() ? OPEN_POLL_FACTOR : 1;
    polling = setTimeout(() => (document.hidden ? lookLater() : look()), lookAfter * factor * 1000);
  }

  function lookSoon(isToAll) {
    clearTimeout(polling);
    polling = setTimeout(look, isToAll ? Math.random() * SPREAD_MS : 0);
  }

  // What the server hasn't heard, as the connection was lost, is told again with the next look.
  async function tell(number, isClosed) {
    untold.set(number, isClosed);
    const { status } = await ask("POST", { id: String(number), closed: String(isClosed) });
    const isHeard = status === 200 || status === 404;
    if (isHeard && untold.get(number) === isClosed) untold.delete(number);
  }

  function repeatUntold() {
    [...untold].forEach(([number, isClosed]) => tell(number, isClosed));
  }

  /* ---- Showing ------------------------------------------------------------------------------------------------ */

  // A live region is announced only if it was there before its text.
  function place() {
    if (box?.isConnected) return box;
    box = document.createElement("div");
    box.className = "operator-messages";
    box.setAttribute("role", "status");
    box.setAttribute("aria-atomic", "false");
    box.addEventListener("keydown", (event) => {
      const message = /** @type {HTMLElement} */ (event.target).closest("[data-message]");
      if (event.key === "Escape" && message) close(Number(/** @type {HTMLElement} */ (message).dataset.message));
    });
    const skip = document.querySelector(".skip-link");
    if (skip) skip.after(box);
    else document.body.prepend(box);
    return box;
  }

  const made = (name, className, text = "") => Object.assign(document.createElement(name), { className, textContent: text });

  function show({ id, text, sent }) {
    if (shown.has(id) || closed.has(id)) return;
    const message = made("div", "operator-message");
    message.dataset.message = String(id);
    const head = made("p", "operator-message-head");
    head.lang = language();
    const at = made("time", "", new Date(sent).toLocaleTimeString(language() || undefined, { hour: "2-digit", minute: "2-digit" }));
    at.dateTime = sent;
    head.append(made("strong", "", translated("Message from the researchers")), " ", at);
    const button = made("button", "btn btn-secondary btn-sm btn-small", translated("Close the message"));
    button.type = "button";
    button.lang = language();
    button.addEventListener("click", () => close(id));
    message.append(head, made("p", "operator-message-text", text), button);
    shown.set(id, message);
    place().append(message);
    if (document.hidden) unread.add(id);
    else tell(id, false);
  }

  function close(number) {
    const message = shown.get(number);
    if (!message) return;
    const next = message.nextElementSibling || message.previousElementSibling;
    shown.delete(number);
    closed.add(number);
    unread.delete(number);
    message.remove();
    /** @type {HTMLElement | null} */
    const target = next?.querySelector("button") || document.getElementById("main");
    target?.focus({ preventScroll: true });
    tell(number, true);
  }

  function noteSeen() {
    if (document.hidden) return;
    unread.forEach((number) => tell(number, false));
    unread.clear();
    lookLater();
  }

  /* ---- Begin -------------------------------------------------------------------------------------------------- */

  document.addEventListener("visibilitychange", noteSeen);
  document.addEventListener("petri:message", ({ detail }) => lookSoon(Boolean(detail?.is_to_all)));
  document.addEventListener("petri:line", ({ detail }) => detail.isLost || lookSoon(true));
  window.petri = { ...window.petri, messages: { look } };

  function begin() {
    place();
    if (window.petri.study) document.addEventListener("petri:page", look, { once: true });
    else look();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
