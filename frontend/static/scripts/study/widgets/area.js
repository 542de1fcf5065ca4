/** Area: a click on a region of the picture ticks its option, and chosen regions are marked. A classic script. */
(function () {
  "use strict";
  const { study } = window.petri;

  const controlsOf = (item) => /** @type {HTMLInputElement[]} */ ([...item.querySelectorAll("input[type=radio], input[type=checkbox]")]);

  function read(item) {
    const chosen = controlsOf(item).filter(({ checked }) => checked).map(({ value }) => value);
    return chosen.length ? chosen : null;
  }

  function enhance(item) {
    const { width } = item.querySelector(".item-area-shapes").viewBox.baseVal;
    item.querySelector(".item-picture").style.setProperty("max-width", `min(100%, ${width}px)`);
    const shapes = [...item.querySelectorAll(".item-area-shapes [data-key]")];
    const controlOf = (shape) => controlsOf(item).find(({ value }) => value === shape.dataset.key);
    const show = () => {
      for (const shape of shapes) shape.classList.toggle("chosen", Boolean(controlOf(shape)?.checked));
    };
    for (const shape of shapes) {
      shape.addEventListener("click", () => controlOf(shape)?.click());
      shape.addEventListener("pointerenter", () => controlOf(shape)?.closest(".item-option").classList.add("hinted"));
      shape.addEventListener("pointerleave", () => controlOf(shape)?.closest(".item-option").classList.remove("hinted"));
    }
    // Participants who use the keyboard see the region of each option.
    item.addEventListener("focusin", ({ target }) => {
      for (const shape of shapes) shape.classList.toggle("hinted", controlOf(shape) === target);
    });
    item.addEventListener("focusout", () => {
      for (const shape of shapes) shape.classList.remove("hinted");
    });
    item.addEventListener("change", show);
    item.addEventListener("petri:restored", show);
    show();
  }

  study.readers.area = read;
  study.enhancers.area = enhance;
})();
