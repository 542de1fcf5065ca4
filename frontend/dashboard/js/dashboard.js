// What every page of the dashboard needs: the menu, the colours, local times, and numbers that change in place.
(() => {
  const isDark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };

  const showTheme = () => {
    const button = document.getElementById("theme-button");
    if (button) button.setAttribute("aria-pressed", String(isDark()));
  };

  /** Store the colours with the account of a user, or for an operator, who has none, in a cookie. */
  const keepTheme = (theme) => {
    const csrf = /** @type {HTMLInputElement | null} */ (document.querySelector("input[name=csrf]"))?.value;
    if (!csrf || !document.documentElement.dataset.preferredTheme) return;
    const body = new URLSearchParams({ csrf, theme });
    // The colours have changed already; if they can't be stored, the next page has those of before.
    fetch("/dashboard/account/preferences", { method: "POST", body, redirect: "manual", keepalive: true }).catch(() => {});
  };

  const toggleTheme = () => {
    const chosen = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = chosen;
    try {
      localStorage.setItem("petri-theme", chosen);
    } catch {
      // A browser that keeps no data forgets the choice with the page.
    }
    showTheme();
    keepTheme(chosen);
    document.dispatchEvent(new CustomEvent("petri-theme"));
  };

  const toggleMenu = () => {
    const button = document.getElementById("menu-button");
    const isOpen = document.getElementById("side").classList.toggle("is-open");
    button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) document.getElementById("side").querySelector("a")?.focus();
  };

  /** Show moments in the time zone that the reader prefers, else in that of the browser; the title keeps UTC. */
  const showLocalTimes = (root) => {
    const format = window.petriTimeFormat({ day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit" });
    for (const time of root.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      if (!Number.isNaN(moment.getTime())) time.textContent = format.format(moment).replace(",", "");
    }
  };

  /** Offer every time zone that the browser knows. */
  const offerTimeZones = () => {
    const list = /** @type {HTMLSelectElement | null} */ (document.querySelector("select[data-time-zones]"));
    if (!list) return;
    const offered = new Set([...list.options].map((option) => option.value));
    for (const zone of Intl.supportedValuesOf("timeZone")) {
      if (!offered.has(zone)) list.append(new Option(zone, zone));
    }
  };

  const boxesOf = (form) => /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("input[name=ids]"));

  /** Say how many rows of a table are checked, and allow the actions that need one. */
  const countChecked = (form) => {
    const boxes = [...boxesOf(form)];
    const checked = boxes.filter((box) => box.checked).length;
    const all = form.querySelector("input[data-all]");
    if (all) {
      all.checked = checked > 0 && checked === boxes.length;
      all.indeterminate = checked > 0 && checked < boxes.length;
    }
    const told = form.querySelector("[data-checked]");
    if (told) told.textContent = checked === 1 ? "1 selected" : `${checked} selected`;
    for (const button of form.querySelectorAll("[data-needs-checked]")) button.disabled = checked === 0;
  };

  document.addEventListener("change", (event) => {
    const box = /** @type {HTMLInputElement} */ (event.target);
    const form = box.closest("form[data-selectable]");
    if (!form) return;
    if (box.matches("input[data-all]")) {
      for (const each of boxesOf(form)) each.checked = box.checked;
    }
    countChecked(form);
  });

  // A double click sends a form once: the answer to the second request would hide that to the first.
  const sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.method !== "post" || event.defaultPrevented) return;
    if (sent.has(form)) event.preventDefault();
    sent.add(form);
  });
  // A page that the browser kept and shows again has sent nothing yet.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of document.forms) sent.delete(form);
  });

  /** Whether the reader types or has selected rows there, which an update would take away. */
  const isInUse = (part) => {
    const active = document.activeElement;
    const isTyping = part.contains(active) && active.matches("input, select, textarea");
    return isTyping || part.querySelector("input[name=ids]:checked") !== null;
  };

  // A fragment that hasn't changed is answered with 304; pages in the background don't ask.
  const tags = new Map();
  document.addEventListener("htmx:config:request", (event) => {
    const { ctx } = /** @type {CustomEvent} */ (event).detail;
    if (!ctx.sourceElement.hasAttribute("data-live")) return;
    if (document.hidden || isInUse(ctx.sourceElement)) {
      event.preventDefault();
      document.dispatchEvent(new CustomEvent("petri-held"));
      return;
    }
    const tag = tags.get(ctx.sourceElement.id);
    if (tag) ctx.request.headers["If-None-Match"] = tag;
  });
  document.addEventListener("htmx:before:response", (event) => {
    const { ctx } = /** @type {CustomEvent} */ (event).detail;
    const tag = ctx.response.headers.get("ETag");
    if (tag && ctx.sourceElement.hasAttribute("data-live")) tags.set(ctx.sourceElement.id, tag);
  });
  document.addEventListener("htmx:after:swap", () => {
    showLocalTimes(document);
    document.dispatchEvent(new CustomEvent("petri-live"));
  });

  const start = () => {
    showTheme();
    showLocalTimes(document);
    offerTimeZones();
    document.getElementById("theme-button")?.addEventListener("click", toggleTheme);
    document.getElementById("menu-button")?.addEventListener("click", toggleMenu);
    document.addEventListener("keydown", (event) => {
      const side = document.getElementById("side");
      if (event.key === "Escape" && side?.classList.contains("is-open")) {
        toggleMenu();
        document.getElementById("menu-button").focus();
      }
    });
    for (const form of document.querySelectorAll("form[data-selectable]")) countChecked(form);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
