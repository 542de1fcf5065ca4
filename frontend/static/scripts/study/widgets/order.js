/**
 * Order: pieces are moved by dragging or by buttons, and indented or left out where the item allows it. The select fields of each
 * piece store the answer, hidden, so that drafts include it. A classic script.
 */
(function () {
  "use strict";
  const { study } = window.petri;
  const { text } = study;

  const piecesOf = (item) => /** @type {HTMLElement[]} */ ([...item.querySelectorAll(".item-piece")]);
  const placeOf = (piece) => piece.querySelector(".item-place");
  const indentOf = (piece) => piece.querySelector(".item-indent");
  const isOut = (piece) => piece.classList.contains("left-out");

  function button(label, sign, act) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "piece-button", textContent: sign, onclick: act });
    button.setAttribute("aria-label", label);
    return button;
  }

  class Order {
    constructor(item, { levels = 0, can_leave_out: mayLeaveOut = false, required = true }) {
      this.item = item;
      this.isRequired = required;
      this.list = item.querySelector(".item-pieces");
      this.levels = levels;
      this.list.classList.add("enhanced");
      for (const piece of piecesOf(item)) this.equip(piece, mayLeaveOut);
      item.addEventListener("petri:restored", () => this.restore());
    }

    /** The order as it is shown, if one is required; an optional item has no answer before a piece was moved. */
    get answer() {
      const pieces = piecesOf(this.item);
      if (!this.isRequired && pieces.every((piece) => placeOf(piece).value === "" && !isOut(piece))) return null;
      const used = pieces.filter((piece) => !isOut(piece));
      return used.map((piece) => (indentOf(piece) ? [piece.dataset.key, Number(indentOf(piece).value)] : piece.dataset.key));
    }

    equip(piece, mayLeaveOut) {
      const name = piece.querySelector(".item-piece-text").textContent;
      const row = document.createElement("span");
      row.className = "piece-buttons";
      if (indentOf(piece)) {
        row.append(button(`${text("Indent less")}: ${name}`, "⇤", () => this.indent(piece, -1)), button(`${text("Indent more")}: ${name}`, "⇥", () => this.indent(piece, 1)));
      }
      row.append(button(`${text("Move up")}: ${name}`, "↑", () => this.step(piece, -1)), button(`${text("Move down")}: ${name}`, "↓", () => this.step(piece, 1)));
      if (mayLeaveOut) {
        const out = button(`${text("Leave out")}: ${name}`, "✕", () => this.leaveOut(piece, !isOut(piece)));
        out.classList.add("piece-out");
        row.append(out);
      }
      const handle = document.createElement("span");
      handle.className = "piece-handle";
      handle.textContent = "⠿";
      handle.setAttribute("aria-hidden", "true");
      piece.prepend(handle);
      piece.append(row);
      for (const field of [placeOf(piece), indentOf(piece)]) if (field) field.hidden = true;
      piece.addEventListener("pointerdown", (event) => this.drag(piece, event));
    }

    /** Put the pieces in the order of their fields, after a reload. */
    restore() {
      const placed = piecesOf(this.item).filter((piece) => placeOf(piece).value !== "");
      if (placed.length) {
        for (const piece of piecesOf(this.item)) piece.classList.toggle("left-out", placeOf(piece).value === "");
        const rank = (piece) => Number(placeOf(piece).value) || Number.POSITIVE_INFINITY;
        this.list.append(...piecesOf(this.item).sort((one, other) => (rank(one) === rank(other) ? 0 : rank(one) - rank(other))));
        this.write();
      }
    }

    /** Write the places into the fields. */
    write() {
      let place = 0;
      for (const piece of piecesOf(this.item)) {
        if (!isOut(piece)) place += 1;
        placeOf(piece).value = isOut(piece) ? "" : String(place);
        if (indentOf(piece)) piece.style.setProperty("--level", indentOf(piece).value);
        piece.querySelector(".piece-out")?.setAttribute("aria-pressed", String(isOut(piece)));
      }
    }

    changed(piece) {
      this.write();
      this.list.dispatchEvent(new Event("change", { bubbles: true }));
      const place = piecesOf(this.item).indexOf(piece) + 1;
      document.getElementById("announcer").textContent = text("Place {n} of {total}", { n: place, total: piecesOf(this.item).length });
    }

    step(piece, by) {
      const pieces = piecesOf(this.item);
      const other = pieces[pieces.indexOf(piece) + by];
      if (!other) return;
      const focused = document.activeElement;
      if (by < 0) other.before(piece);
      else other.after(piece);
      /** @type {HTMLElement} */ (focused).focus();
      this.changed(piece);
    }

    indent(piece, by) {
      const field = indentOf(piece);
      field.value = String(Math.min(Math.max(0, this.levels - 1), Math.max(0, Number(field.value) + by)));
      this.changed(piece);
    }

    leaveOut(piece, isLeftOut) {
      piece.classList.toggle("left-out", isLeftOut);
      this.changed(piece);
    }

    drag(piece, event) {
      if (event.button !== 0 || event.target.closest("button, select, a")) return;
      if (event.pointerType === "touch" && !event.target.closest(".piece-handle")) return; // a touch elsewhere scrolls the page
      event.preventDefault();
      piece.setPointerCapture(event.pointerId);
      piece.classList.add("dragged");
      const before = piecesOf(this.item).indexOf(piece);
      const move = ({ clientY }) => {
        const after = piecesOf(this.item).find((other) => other !== piece && clientY < other.getBoundingClientRect().top + other.offsetHeight / 2);
        if (after === undefined) this.list.append(piece);
        else if (after !== piece.nextElementSibling) after.before(piece);
      };
      const end = () => {
        piece.classList.remove("dragged");
        piece.removeEventListener("pointermove", move);
        piece.removeEventListener("pointerup", end);
        piece.removeEventListener("pointercancel", end);
        if (piecesOf(this.item).indexOf(piece) !== before) this.changed(piece);
      };
      piece.addEventListener("pointermove", move);
      piece.addEventListener("pointerup", end);
      piece.addEventListener("pointercancel", end);
    }
  }

  const orders = new WeakMap();
  study.enhancers.order = (item, rules) => { orders.set(item, new Order(item, rules)); };
  study.readers.order = (item) => orders.get(item)?.answer ?? null;
})();
