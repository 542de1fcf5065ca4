/**
 * Enhances the items of a page when it is shown, by their kind: `petri.study.enhancers.slider = (element, rules, page) => ...`.
 * Each item works without its enhancement, so an error in one is logged and stops nothing. Here are the small enhancements that
 * the first page may need; `widgets/` has the others. A classic script.
 */
(function () {
  "use strict";
  const { petri } = window;
  if (petri.study?.enhance) return;

  /** Enhancements by kind: each gets the item's element, its public rules, and the page. */
  const enhancers = { choices: excludeOthers };

  // An option such as "none of these" and the others untick each other.
  function excludeOthers(item) {
    item.addEventListener("change", ({ target }) => {
      if (!target.checked) return;
      for (const box of item.querySelectorAll("input[type=checkbox]:checked")) {
        if (box !== target && (target.dataset.alone || box.dataset.alone)) box.checked = false;
      }
    });
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
