/**
 * "My class": what a member of a class reads about it above the page: assignments, due dates, released grades and comments.
 * A classic script, which the study's page loads for members of classes.
 */
(function () {
  "use strict";
  const { dallinger } = window;
  if (document.getElementById("class-bar")) return;

  const bar = document.createElement("div");
  bar.id = "class-bar";
  bar.className = "book-bar";
  document.getElementById("page-form").before(bar);

  const panel = document.createElement("div");
  panel.id = "class-panel";
  panel.className = "book-panel";
  panel.tabIndex = -1;
  panel.hidden = true;

  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-small";
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", panel.id);
  bar.append(button, panel);

  function close() {
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    button.focus();
  }

  function open() {
    dallinger.get("/page/class").done(({ heading, html }) => {
      const title = document.createElement("h2");
      title.textContent = heading;
      panel.innerHTML = html; // escaped by the server
      panel.prepend(title);
      panel.hidden = false;
      button.setAttribute("aria-expanded", "true");
      panel.focus();
    }).fail(() => window.petri.study.refresh());
  }

  document.addEventListener("petri:page", (event) => {
    const { own_class: label } = /** @type {CustomEvent} */ (event).detail;
    bar.hidden = !label;
    button.textContent = label || "";
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
  });
  button.addEventListener("click", () => (panel.hidden ? open() : close()));
  bar.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && !panel.hidden) close();
  });
})();
