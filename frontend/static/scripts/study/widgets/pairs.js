/**
 * Match and categorise: each row has a list of options, which suffices; in addition, rows can be dragged onto options,
 * each of which shows its rows. A classic script.
 */
(function () {
  "use strict";
  const { study } = window.petri;

  const rowsOf = (item) => /** @type {HTMLElement[]} */ ([...item.querySelectorAll(".item-pair")]);
  const listOf = (row) => row.querySelector("select");
  const nameOf = (row) => row.querySelector("label").textContent.trim();

  function read(item) {
    const chosen = rowsOf(item).map((row) => [row.dataset.key, listOf(row).value]).filter(([, key]) => key !== "");
    return chosen.length ? Object.fromEntries(chosen) : null;
  }

  class Pairs {
    constructor(item, { reuse = false }) {
      this.item = item;
      this.mayReuse = reuse;
      this.targets = this.makeTargets();
      for (const row of rowsOf(item)) row.addEventListener("pointerdown", (event) => this.drag(row, event));
      item.addEventListener("change", () => this.show());
      item.addEventListener("petri:restored", () => this.show());
      this.show();
    }

    makeTargets() {
      const box = document.createElement("div");
      box.className = "pair-targets";
      box.setAttribute("aria-hidden", "true"); // the lists have the same information
      const options = [...listOf(rowsOf(this.item)[0]).options].filter(({ value }) => value !== "");
      for (const { value, textContent } of options) {
        const target = document.createElement("div");
        target.className = "pair-target";
        target.dataset.key = value;
        const title = document.createElement("strong");
        title.textContent = textContent;
        const inside = document.createElement("span");
        inside.className = "pair-inside";
        target.append(title, inside);
        box.append(target);
      }
      this.item.querySelector(".item-pairs").append(box);
      return /** @type {HTMLElement[]} */ ([...box.children]);
    }

    show() {
      const used = new Map(rowsOf(this.item).map((row) => [listOf(row).value, row]));
      for (const target of this.targets) {
        const inside = rowsOf(this.item).filter((row) => listOf(row).value === target.dataset.key).map(nameOf);
        target.querySelector(".pair-inside").replaceChildren(...inside.map(chip));
        target.classList.toggle("filled", inside.length > 0);
      }
      if (this.mayReuse) return;
      for (const row of rowsOf(this.item)) {
        for (const option of listOf(row).options) option.disabled = option.value !== "" && used.has(option.value) && used.get(option.value) !== row;
      }
    }

    choose(row, key) {
      for (const other of rowsOf(this.item)) if (!this.mayReuse && other !== row && listOf(other).value === key) listOf(other).value = "";
      for (const option of listOf(row).options) option.disabled = false;
      listOf(row).value = key;
      listOf(row).dispatchEvent(new Event("change", { bubbles: true }));
    }

    drag(row, event) {
      if (event.button !== 0 || event.pointerType === "touch" || event.target.closest("select, a, button")) return;
      event.preventDefault();
      row.setPointerCapture(event.pointerId);
      const start = { x: event.clientX, y: event.clientY };
      const targetAt = ({ clientX, clientY }) => this.targets.find((target) => {
        const { left, right, top, bottom } = target.getBoundingClientRect();
        return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
      });
      const move = (at) => {
        row.classList.add("dragged");
        row.style.setProperty("translate", `${at.clientX - start.x}px ${at.clientY - start.y}px`);
        const over = targetAt(at);
        for (const target of this.targets) target.classList.toggle("over", target === over);
      };
      const end = (at) => {
        row.classList.remove("dragged");
        row.style.removeProperty("translate");
        row.removeEventListener("pointermove", move);
        row.removeEventListener("pointerup", end);
        row.removeEventListener("pointercancel", end);
        for (const target of this.targets) target.classList.remove("over");
        const over = at.type === "pointerup" ? targetAt(at) : null;
        if (over) this.choose(row, over.dataset.key);
      };
      row.addEventListener("pointermove", move);
      row.addEventListener("pointerup", end);
      row.addEventListener("pointercancel", end);
    }
  }

  function chip(words) {
    const chip = document.createElement("span");
    chip.className = "pair-chip";
    chip.textContent = words;
    return chip;
  }

  for (const kind of ["match", "categorise"]) {
    study.readers[kind] = read;
    study.enhancers[kind] = (item, rules) => { new Pairs(item, rules); };
  }
})();
