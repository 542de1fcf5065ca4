/**
 * Enhances the items of a page when it is shown, by their kind: `petri.study.enhancers.slider = (element, rules, page) => ...`.
 * Each item works without its enhancement, so an error in one is logged, and the others continue. This file has the small
 * enhancements that the first page may need; `widgets/` has the others. A classic script.
 */
(function () {
  "use strict";
  const { petri } = window;
  if (petri.study?.enhance) return;

  /** Enhancements by kind: each gets the item's element, its public rules, and the page. */
  const enhancers = { choices: excludeOthers, slider: (item) => item.querySelectorAll("input[type=range]").forEach(touchable), range: couple, table: enhanceRows };

  // An option such as "none of these" and the others untick each other.
  function excludeOthers(item) {
    item.addEventListener("change", ({ target }) => {
      if (!target.checked) return;
      for (const box of item.querySelectorAll("input[type=checkbox]:checked")) {
        if (box !== target && ("alone" in target.dataset || "alone" in box.dataset)) box.checked = false;
      }
    });
  }

  // A row of sliders has one in each row.
  function enhanceRows(item) {
    item.querySelectorAll("[data-row][data-kind=slider] input[type=range]").forEach(touchable);
  }

  // A slider has no value before it was touched; a hidden checkbox stores whether it was, also over a reload.
  function touchable(slider) {
    const output = slider.parentElement.querySelector("output");
    const touched = document.createElement("input");
    Object.assign(touched, { type: "checkbox", name: `${slider.name}.touched`, hidden: true, checked: !slider.hasAttribute("data-untouched") });
    slider.after(touched);
    const show = () => {
      slider.toggleAttribute("data-untouched", !touched.checked);
      if (output) output.textContent = touched.checked ? slider.value : petri.study.text("Move the slider to answer.");
    };
    const touch = () => {
      const isNew = !touched.checked;
      touched.checked = true;
      show();
      if (isNew) slider.dispatchEvent(new Event("change", { bubbles: true }));
    };
    slider.addEventListener("input", touch);
    slider.addEventListener("pointerup", touch);
    slider.closest("[data-item]").addEventListener("petri:restored", show);
    show();
  }

  // A guess: a number field, and a slider with the same value.
  function couple(item) {
    const [field, slider] = [item.querySelector("input[type=number]"), item.querySelector(".item-range-slider")];
    if (!slider) return;
    const follow = () => {
      slider.hidden = false;
      slider.toggleAttribute("data-untouched", field.value === "");
      if (field.value !== "") slider.value = field.value;
    };
    slider.addEventListener("input", () => {
      field.value = slider.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    field.addEventListener("input", follow);
    item.addEventListener("petri:restored", follow);
    follow();
  }

  /** Enhance the items below an element. */
  function enhance(root, page) {
    for (const item of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-item]"))) {
      const { item: name, kind } = item.dataset;
      try {
        enhancers[kind]?.(item, page.items?.[name] || {}, page);
      } catch (error) {
        petri.log("error", String(error), name);
        console.error(error);
      }
    }
  }

  window.petri = { ...petri, study: { ...petri.study, enhancers, enhance } };
})();
