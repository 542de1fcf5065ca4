/**
 * The pages of a book: the contents, which open above the page, links to the page before and after, and what is read.
 * The server decides which pages can be opened, and remembers how far each was read. A classic script, which the study's
 * page loads with the first page of a book.
 */
(function () {
  "use strict";
  const { dallinger } = window;
  if (document.getElementById("book-bar")) return;

  const KEPT_MS = 5000; // between two positions that are sent while the participant scrolls
  const SEEN_MS = 1000; // the end of a page was read when it has been in view for so long
  const THOUSANDTHS = 1000;
  const ANNOTATIONS = "/static/scripts/petri-annotations.js";

  const study = () => window.petri.study; // other scripts replace window.petri
  const part = (id) => document.getElementById(id);
  const form = part("page-form");

  const bar = document.createElement("div");
  bar.id = "book-bar";
  bar.className = "book-bar";
  bar.hidden = true;
  form.before(bar);

  let leave = () => undefined; // ends what was begun for the page that is shown
  let anchor = { path: "", id: "" }; // the place in a page that a link leads to, with the path of the page

  function element(name, attributes, text = "") {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  }

  /* ---- Navigation ------------------------------------------------------------------------------------------ */

  function link({ path, title }, words, kind) {
    const made = element("a", { href: `?page=${path}`, "data-open": path, class: `book-step book-${kind}` });
    made.append(element("span", { class: "book-step-word" }, words), element("span", {}, title));
    return made;
  }

  function showSteps({ title, previous, next, texts }) {
    const [, before, after] = texts;
    const steps = element("nav", { class: "book-steps", id: "book-steps", "aria-label": title });
    if (previous) steps.append(link(previous, before, "previous"));
    if (next) steps.append(link(next, after, "next"));
    if (steps.childElementCount > 0) form.append(steps);
  }

  /** Show the button for the contents, and the chapter in which the participant is. */
  function showBar({ chapter, texts: [contents] }) {
    const button = element("button", { type: "button", class: "btn btn-small", "aria-expanded": "false", "aria-controls": "book-panel" }, contents);
    const panel = element("div", { id: "book-panel", class: "book-panel" });
    panel.hidden = true;
    button.addEventListener("click", () => toggle(button, panel));
    panel.addEventListener("keydown", ({ key }) => key === "Escape" && close(button, panel));
    button.addEventListener("keydown", ({ key }) => key === "Escape" && close(button, panel));
    bar.replaceChildren(button, element("span", { class: "book-chapter" }, chapter), panel);
    bar.hidden = false;
  }

  function close(button, panel) {
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    button.focus();
  }

  function toggle(button, panel) {
    if (!panel.hidden) {
      close(button, panel);
      return;
    }
    const { serial, book } = study().current;
    dallinger.get("/page/contents").done(({ html }) => {
      if (study().current.serial !== serial) return;
      panel.innerHTML = html;
      const home = element("p", { class: "book-home" });
      home.append(element("a", { href: `?page=${book.contents}`, "data-open": book.contents }, book.title));
      panel.prepend(home);
      panel.hidden = false;
      button.setAttribute("aria-expanded", "true");
      panel.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest" });
    }).fail(() => study().refresh());
  }

  /** Open the page that a link names: by its path, or by `./` and its path inside the book. */
  function follow(open, id) {
    const { path: here, book } = study().current;
    const path = open.startsWith("./") && book ? book.path + open.slice(1) : open;
    anchor = { path, id };
    if (path === here && id) goTo(id);
    else study().move("/page/open", { path });
  }

  /** Scroll to an element of the page, and let the keyboard go on from there. */
  function goTo(id) {
    anchor = { path: "", id: "" };
    const target = document.getElementById(id);
    if (!target || !part("page-content").contains(target)) return;
    if (!target.hasAttribute("tabindex")) target.tabIndex = -1;
    requestAnimationFrame(() => {
      target.focus({ preventScroll: true });
      target.scrollIntoView();
    });
  }

  document.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const opening = /** @type {HTMLElement | null} */ (target.closest("[data-open]"));
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (opening && isPlain) {
      event.preventDefault();
      follow(opening.dataset.open, opening.dataset.anchor);
    } else if (target.closest("[data-finish-book]")) {
      study().move("/page/finish", {});
    }
  });

  /* ---- What is read ------------------------------------------------------------------------------------------ */

  const room = () => document.documentElement.scrollHeight - innerHeight;
  const position = () => (room() > 0 ? Math.round(Math.min(1, Math.max(0, scrollY / room())) * THOUSANDTHS) : 0);

  function goBackTo(share) {
    if (share > 0) requestAnimationFrame(() => scrollTo(0, share * room()));
  }

  /** Keep how far the page is read; returns a function that ends it. */
  function keepReading({ serial }) {
    let kept = position();
    let waiting;
    const fields = (end) => {
      kept = position();
      return { serial, position: kept, end };
    };
    const keep = (end) => {
      clearTimeout(waiting);
      waiting = undefined;
      dallinger.post("/page/reading", fields(end)).done(({ kept: isKept, progress }) => {
        if (isKept && study().current.serial === serial) /** @type {HTMLProgressElement} */ (part("progress")).value = progress;
      }).fail(({ errorText }) => console.warn(errorText));
    };
    const scrolled = () => { if (!waiting) waiting = setTimeout(keep, KEPT_MS, false); };
    const leaving = () => position() !== kept && dallinger.postAndLeave("/page/reading", fields(false));
    const hidden = () => document.hidden && leaving();
    const stopLooking = onceSeen(() => keep(true));
    addEventListener("scroll", scrolled, { passive: true });
    addEventListener("pagehide", leaving);
    document.addEventListener("visibilitychange", hidden);
    return () => {
      clearTimeout(waiting);
      stopLooking();
      removeEventListener("scroll", scrolled);
      removeEventListener("pagehide", leaving);
      document.removeEventListener("visibilitychange", hidden);
    };
  }

  /** Call a function once when the end of the page has been in view for a moment; returns a function that ends it. */
  function onceSeen(act) {
    const end = element("span", { class: "book-end", "aria-hidden": "true" });
    part("page-content").append(end);
    let waiting;
    const observer = new IntersectionObserver(([{ isIntersecting }]) => {
      clearTimeout(waiting);
      if (isIntersecting) waiting = setTimeout(() => { observer.disconnect(); act(); }, SEEN_MS);
    });
    observer.observe(end);
    return () => { clearTimeout(waiting); observer.disconnect(); };
  }

  /* ---- Annotations ------------------------------------------------------------------------------------------- */

  /** Show the annotations of a page, whose script is loaded with the first; returns a function that ends them. */
  function annotations(page) {
    let stop = () => undefined;
    let isOver = false;
    study().loadScript(ANNOTATIONS).then(() => {
      if (!isOver) stop = study().annotate(page);
    }).catch((error) => console.error(error.message));
    return () => {
      isOver = true;
      stop();
    };
  }

  /* ---- A page ------------------------------------------------------------------------------------------------ */

  function show(page) {
    leave();
    leave = () => undefined;
    bar.hidden = true;
    part("book-steps")?.remove();
    const { book } = page;
    if (!book || book.is_contents || book.is_test) return;
    showBar(book);
    showSteps(book);
    if (book.note) part("page-content").prepend(element("p", { class: "alert alert-info book-said" }, book.note));
    if (anchor.id && anchor.path === page.path) goTo(anchor.id);
    else goBackTo(book.position);
    const stopKeeping = keepReading(page);
    const stopAnnotating = book.annotations ? annotations(page) : () => undefined;
    leave = () => {
      stopKeeping();
      stopAnnotating();
    };
  }

  document.addEventListener("petri:page", (event) => show(/** @type {CustomEvent} */ (event).detail));
})();
