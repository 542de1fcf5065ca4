/**
 * Annotations of a book's page: a reader marks text and writes notes, which are listed below the page. Anchors are those of
 * the Web Annotation Data Model: the marked words with what is around them, and their position in the text. Marks are
 * custom highlights, which change nothing in the page. A classic script, which `petri-book.js` loads where a book has
 * annotations.
 */
(function () {
  "use strict";
  const { dallinger } = window;
  const study = () => window.petri.study; // other scripts replace window.petri
  if (!study() || study().annotate) return;

  const HIGHLIGHT = "petri-annotation";
  const UNMARKED = "script, style, textarea, select, button, .book-said, .book-end"; // text that isn't part of the page's own
  const SELECTED_MS = 250; // a selection is offered for a note when it has stayed for so long
  const VISIBILITIES = ["private", "instructors", "authors"];

  /** What was written and not saved, by page: it is there when the page is opened again. */
  const unsaved = new Map();

  const content = () => document.getElementById("page-content");

  function element(name, attributes, ...inside) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  }

  function button(text, act, attributes = {}) {
    const made = element("button", { type: "button", class: "btn btn-small", ...attributes }, text);
    made.addEventListener("click", act);
    return made;
  }

  /* ---- Text and ranges ---------------------------------------------------------------------------------------- */

  /** Yield the text nodes of the page, each with where it begins in the text of the page. */
  function* textNodes() {
    const walker = document.createTreeWalker(content(), NodeFilter.SHOW_TEXT);
    let begin = 0;
    for (let node = /** @type {Text | null} */ (walker.nextNode()); node; node = /** @type {Text | null} */ (walker.nextNode())) {
      if (node.parentElement.closest(UNMARKED)) continue;
      yield { node, begin };
      begin += node.length;
    }
  }

  const textOfPage = () => Array.from(textNodes(), ({ node }) => node.data).join("");

  /** Return where a range begins and ends in the text of the page; null for one without text of it. */
  function positionOf(range) {
    let start = -1;
    let end = -1;
    for (const { node, begin } of textNodes()) {
      if (!range.intersectsNode(node)) continue;
      const from = node === range.startContainer ? range.startOffset : 0;
      const to = node === range.endContainer ? range.endOffset : node.length;
      if (to <= from) continue;
      if (start < 0) start = begin + from;
      end = begin + to;
    }
    return start < 0 ? null : { start, end };
  }

  function rangeAt({ start, end }) {
    const range = document.createRange();
    for (const { node, begin } of textNodes()) {
      if (begin <= start && start < begin + node.length) range.setStart(node, start - begin);
      if (begin < end && end <= begin + node.length) range.setEnd(node, end - begin);
    }
    return range;
  }

  /** Return a text without the halves of characters that it was cut at; the server refuses those. */
  const withoutHalf = (text) => text.replace(/^[\uDC00-\uDFFF]/, "").replace(/[\uD800-\uDBFF]$/, "");

  /** Return the anchor of a selected range as selectors; null for one without words of the page. */
  function selectorsOf(range, context) {
    const place = positionOf(range);
    const text = textOfPage();
    const words = place ? text.slice(place.start, place.end) : "";
    const exact = words.trim();
    if (exact === "") return null;
    const start = place.start + words.indexOf(exact);
    const end = start + exact.length;
    return [
      { type: "TextQuoteSelector", exact, prefix: withoutHalf(text.slice(Math.max(0, start - context), start)), suffix: withoutHalf(text.slice(end, end + context)) },
      { type: "TextPositionSelector", start, end },
    ];
  }

  function shared(one, other) {
    let length = 0;
    while (length < one.length && length < other.length && one[length] === other[length]) length += 1;
    return length;
  }

  const reversed = (text) => Array.from(text).reverse().join("");

  /** Return where the words of an annotation are now: where most of what was around them is, then the nearest. */
  function find(text, [{ exact, prefix, suffix }, { start }]) {
    let best = null;
    for (let at = text.indexOf(exact); at >= 0; at = text.indexOf(exact, at + 1)) {
      const before = shared(reversed(text.slice(Math.max(0, at - prefix.length), at)), reversed(prefix));
      const around = before + shared(text.slice(at + exact.length, at + exact.length + suffix.length), suffix);
      const distance = Math.abs(at - start);
      if (!best || around > best.around || (around === best.around && distance < best.distance)) best = { at, around, distance };
    }
    return best && { start: best.at, end: best.at + exact.length };
  }

  function mark(ranges) {
    if (!("highlights" in CSS)) return; // the list is all that an older browser has
    if (ranges.length > 0) CSS.highlights.set(HIGHLIGHT, new Highlight(...ranges));
    else CSS.highlights.delete(HIGHLIGHT);
  }

  /* ---- One page ------------------------------------------------------------------------------------------------ */

  /** Show the annotations of a page of a book; returns a function that ends it. */
  function annotate(page) {
    const path = page.path;
    const section = element("section", { id: "book-notes", class: "book-notes", "aria-labelledby": "book-notes-title" });
    const floating = button("", () => begin(), { class: "btn btn-small annotate-here", hidden: "" });
    /** @type {Range | null} */
    let selected = null;
    let offer;
    let isOver = false;
    let annotations = [];
    let rules;
    let words;

    dallinger.get("/page/annotations", { path }).done((answer) => {
      if (isOver) return;
      ({ annotations, texts: words } = answer);
      rules = answer.longest;
      build();
      const left = unsaved.get(path);
      if (left) edit(left.annotation, left.note, left.visibility);
    }).fail(({ errorText }) => console.warn(errorText));

    const status = element("p", { role: "status", class: "book-notes-said" });
    const editor = element("div", {});
    const list = element("div", {});

    function build() {
      const main = button(words.annotate, () => begin(), { id: "annotate-selection" });
      const whole = button(words.whole, () => edit({ id: newId(), target: { selector: [] } }, "", "private"));
      floating.textContent = words.annotate;
      for (const each of [main, floating]) each.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the selection
      section.append(element("h2", { id: "book-notes-title" }, words.heading), element("div", { class: "book-notes-actions" }, main, whole), status, editor, list);
      document.getElementById("page-form").after(section);
      document.body.append(floating);
      document.addEventListener("selectionchange", selectionChanged);
      showList();
    }

    const newId = () => `note-${Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;

    function selectionChanged() {
      const selection = document.getSelection();
      const range = selection.rangeCount > 0 && !selection.isCollapsed ? selection.getRangeAt(0) : null;
      const isInside = range && content().contains(range.commonAncestorContainer);
      if (isInside) selected = range.cloneRange();
      floating.hidden = true;
      clearTimeout(offer);
      if (isInside) offer = setTimeout(showOffer, SELECTED_MS);
      else if (range) selected = null; // text elsewhere is selected; a caret alone, as in a button, keeps what was selected before
    }

    function showOffer() {
      const box = selected.getBoundingClientRect();
      if (box.width === 0 || positionOf(selected) === null) return;
      floating.hidden = false;
      const most = document.documentElement.clientWidth - floating.offsetWidth - 8;
      floating.style.insetBlockStart = `${scrollY + box.bottom + 8}px`;
      floating.style.left = `${Math.max(8, Math.min(most, box.left))}px`;
    }

    function begin() {
      const selector = selected && selectorsOf(selected, rules.context);
      if (!selector) {
        status.textContent = words.select;
        return;
      }
      if (selector[0].exact.length > rules.quote) {
        status.textContent = words.long;
        return;
      }
      floating.hidden = true;
      edit({ id: newId(), target: { selector } }, "", "private");
    }

    function quoteOf({ target: { selector } }) {
      return selector.length > 0 ? [element("blockquote", { class: "book-quote" }, selector[0].exact)] : [];
    }

    /** Open the editor of a new annotation, or of one that is changed. */
    function edit(annotation, note, visibility) {
      status.textContent = "";
      const field = /** @type {HTMLTextAreaElement} */ (element("textarea", { id: "book-note-text", maxlength: String(rules.note), rows: "3" }));
      field.value = note;
      const group = element("fieldset", { class: "book-note-readers" }, element("legend", {}, words.readers));
      for (const each of VISIBILITIES) {
        const choice = /** @type {HTMLInputElement} */ (element("input", { type: "radio", name: "book-note-visibility", value: each }));
        choice.checked = each === visibility;
        group.append(element("label", {}, choice, ` ${words[each]}`));
      }
      const chosen = () => /** @type {HTMLInputElement} */ (group.querySelector(":checked")).value;
      const remember = () => unsaved.set(path, { annotation, note: field.value, visibility: chosen() });
      const close = () => {
        unsaved.delete(path);
        editor.replaceChildren();
      };
      const cancel = () => {
        close();
        document.getElementById("annotate-selection").focus();
      };
      const save = button(words.save, () => {
        if (field.value.trim() === "" && annotation.target.selector.length === 0) {
          field.focus();
          return;
        }
        save.disabled = true;
        store({ ...annotation, body: { type: "TextualBody", value: field.value }, visibility: chosen() }, close, () => { save.disabled = false; });
      }, { class: "btn btn-primary btn-small" });
      const made = element("div", { class: "book-note-editor" }, ...quoteOf(annotation), element("label", { for: "book-note-text" }, words.note), field, group,
        element("div", { class: "book-notes-actions" }, save, button(words.cancel, cancel)));
      made.addEventListener("input", remember);
      made.addEventListener("keydown", ({ key }) => key === "Escape" && cancel());
      editor.replaceChildren(made);
      remember();
      field.focus();
    }

    function store(annotation, then, failed) {
      dallinger.post("/page/annotations", { path, annotation: JSON.stringify(annotation) }).done((answer) => {
        if (isOver) {
          unsaved.delete(path);
          return;
        }
        annotations = [...annotations.filter(({ id }) => id !== answer.annotation.id), answer.annotation];
        then();
        showList();
        status.replaceChildren(words.saved);
        section.querySelector(`[data-note="${answer.annotation.id}"] button`)?.focus();
      }).fail((rejection) => {
        failed();
        status.textContent = rejection.errorCode === "too_many_annotations" ? rejection.errorText : words.failed;
      });
    }

    function remove(annotation) {
      dallinger.post("/page/annotations/delete", { path, id: annotation.id }).done(() => {
        if (isOver) return;
        annotations = annotations.filter(({ id }) => id !== annotation.id);
        showList();
        const undo = button(words.undo, () => store(annotation, () => undefined, () => undefined));
        status.replaceChildren(words.deleted, " ", undo);
        undo.focus();
      }).fail(() => { status.textContent = words.failed; });
    }

    function showInText(place) {
      const range = rangeAt(place);
      document.getSelection().removeAllRanges();
      document.getSelection().addRange(range);
      range.startContainer.parentElement.scrollIntoView({ block: "center" });
    }

    function line(annotation, place) {
      const acts = element("div", { class: "book-notes-actions" });
      if (place) acts.append(button(words.show, () => showInText(place)));
      acts.append(button(words.edit, () => edit(annotation, annotation.body.value, annotation.visibility)), button(words.delete, () => remove(annotation)));
      const made = element("li", { "data-note": annotation.id }, ...quoteOf(annotation));
      if (annotation.body.value) made.append(element("p", { class: "book-note-text" }, annotation.body.value));
      made.append(element("p", { class: "book-note-reader" }, words[annotation.visibility]), acts);
      return made;
    }

    function showList() {
      const text = textOfPage();
      const placed = annotations.map((annotation) => {
        const { selector } = annotation.target;
        return { annotation, place: selector.length > 0 ? find(text, selector) : undefined };
      });
      const order = placed.filter(({ place }) => place !== null).sort((one, other) => (one.place?.start ?? -1) - (other.place?.start ?? -1));
      const lost = placed.filter(({ place }) => place === null);
      list.replaceChildren();
      if (order.length > 0) list.append(element("ul", { class: "book-notes-list" }, ...order.map(({ annotation, place }) => line(annotation, place))));
      if (lost.length > 0) list.append(element("p", { class: "book-notes-lost" }, words.lost), element("ul", { class: "book-notes-list" }, ...lost.map(({ annotation }) => line(annotation, null))));
      mark(order.filter(({ place }) => place).map(({ place }) => rangeAt(place)));
    }

    return () => {
      isOver = true;
      clearTimeout(offer);
      document.removeEventListener("selectionchange", selectionChanged);
      section.remove();
      floating.remove();
      mark([]);
    };
  }

  study().annotate = annotate;
})();
