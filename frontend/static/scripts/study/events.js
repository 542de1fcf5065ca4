/**
 * The event log: `petri.log(event, act, item)`, and what every page logs by itself: shown and left, focus lost and regained,
 * paste, copy, resize, the first and last key per item, errors of scripts. What was typed is never logged. Events are sent
 * with the page's answer; those of a page that is closed are sent while it closes. A page with `"log": false` logs nothing.
 * A classic script.
 */
(function () {
  "use strict";
  const { petri, dallinger } = window;
  if (petri.log) return;

  const MOST = 500; // for one page
  const MOST_CHARACTERS = 200;
  const RESIZED_AFTER_MS = 400;

  let events = [];
  let keys = new Map();
  let serial = null;
  let isOn = false;
  let isSentWhileLeaving = false; // for pages whose events the server accepts without an answer
  let shownAt = 0;

  const now = () => Math.round(performance.now() - shownAt);
  const short = (value) => String(value ?? "").slice(0, MOST_CHARACTERS);

  /** Log an event of this page: three short texts, with the milliseconds since the page was shown. */
  function log(event, act = "", item = "", at = now()) {
    if (!isOn || events.length > MOST) return;
    events.push(events.length === MOST ? { event: "log", act: "full", item: "", at } : { event: short(event), act: short(act), item: short(item), at });
  }

  /** Begin the log of a new page. */
  function begin(page) {
    serial = page.serial;
    isOn = page.log !== false;
    isSentWhileLeaving = page.log === true;
    events = [];
    keys = new Map();
    shownAt = performance.now();
    log("page", "shown");
  }

  // The first and the last key of each item are known when the page is left.
  function withKeys() {
    const typed = [...keys].flatMap(([item, [first, last]]) => [
      { event: "key", act: "first", item, at: first },
      { event: "key", act: "last", item, at: last },
    ]);
    return [...events, ...typed].sort((one, other) => one.at - other.at);
  }

  /** The events of this page so far, in the format of its answer. */
  function collected() {
    return isOn ? [...withKeys(), { event: "page", act: "left", item: "", at: now() }] : [];
  }

  /** Forget the events: the server has stored them. */
  function sent() {
    events = [];
    keys = new Map();
    serial = null;
  }

  // Events are sent when the participant closes the page; the page can't learn whether they arrive.
  function sendWhileLeaving() {
    if (!isSentWhileLeaving || serial === null) return;
    dallinger.postAndLeave("/page/events", { serial, events: collected() });
    events = [];
    keys = new Map();
  }

  const itemOf = (target) => target?.closest?.("[data-item]")?.dataset.item || "";

  function noteKey({ target }) {
    const item = itemOf(target);
    if (!isOn || !item) return;
    keys.set(item, [keys.get(item)?.[0] ?? now(), now()]);
  }

  let isAway = false;

  function noteFocus(isGone) {
    if (isAway === isGone) return;
    isAway = isGone;
    log("focus", isGone ? "lost" : "regained");
  }

  let resizing;

  function noteSize() {
    clearTimeout(resizing);
    resizing = setTimeout(() => log("resize", `${innerWidth}x${innerHeight}`), RESIZED_AFTER_MS);
  }

  for (const kind of ["copy", "cut", "paste"]) document.addEventListener(kind, ({ target }) => log("clipboard", kind, itemOf(target)), true);
  document.addEventListener("keydown", noteKey, true);
  document.addEventListener("visibilitychange", () => noteFocus(document.hidden));
  // The window loses the focus to a frame on the page, too; then the document still has it.
  addEventListener("blur", () => setTimeout(() => noteFocus(document.hidden || !document.hasFocus())));
  addEventListener("focus", () => noteFocus(false));
  addEventListener("resize", noteSize);
  addEventListener("error", ({ message, filename, lineno }) => log("error", message, `${String(filename || "").split("/").pop()}:${lineno}`));
  addEventListener("unhandledrejection", ({ reason }) => log("error", reason?.message || String(reason)));
  addEventListener("pagehide", sendWhileLeaving);

  window.petri = { ...petri, log, study: { ...petri.study, events: { begin, collected, sent } } };
})();
