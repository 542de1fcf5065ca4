/**
 * The debug bar of `petri debug`: shows where the participant is, jumps, fills in answers, and shows a changed file at once.
 * The debug server adds it to each page; no built site and no deployed app has it. A classic script, after the page's own.
 */
(function () {
  "use strict";
  const script = document.getElementById("petri-debug-script");
  const { dallinger } = window;
  const POLL_MS = 700;
  const OPEN = "petri:debug:open";
  const CSS_FILE = "/_debug/bar.css";
  const isMember = window.parent !== window; // a frame in the view of a group
  let { instance, version } = script.dataset;
  let state = null;
  let isOpen = read();

  /* ---- Making ---------------------------------------------------------------------------------------------- */

  /** Make an element with attributes and children; texts are always texts. */
  function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value !== null) element.setAttribute(key, value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  const host = make("petri-debug", { style: "display: block" });
  const root = host.attachShadow({ mode: "open" });
  const toggle = make("button", { type: "button", class: "toggle", "aria-controls": "panel", onclick: () => open(!isOpen) }, "Debug");
  const facts = make("p", { class: "facts" });
  const fillButton = make("button", { type: "button", class: "main", onclick: fill }, "Fill in and go on");
  const pages = make("select", { "aria-label": "Jump to a page", onchange: jump });
  const restartButton = make("button", { type: "button", onclick: restart }, "New participant");
  const groupButton = make("button", { type: "button", onclick: showGroup }, "Group view");
  const said = make("p", { class: "said", role: "status" });
  const problems = make("div", { class: "problems", role: "alert", hidden: "" });
  const tables = make("div", { class: "tables" });
  const tools = make("div", { class: "tools" }, pages, restartButton, isMember ? null : groupButton);
  const panel = make("div", { id: "panel", class: "panel" }, tools, tables);
  const head = make("div", { class: "head" }, toggle, facts, fillButton);
  const bar = make("section", { class: "bar", "aria-label": "Debug bar" }, problems, head, said, panel);

  function begin() {
    // A bot in a browser has no use for the bar, and would meet it where it clicks.
    if (navigator.webdriver) return;
    root.append(make("link", { rel: "stylesheet", href: CSS_FILE }), bar);
    document.body.append(host);
    // What is focused or scrolled to comes to lie above the bar.
    new ResizeObserver(() => {
      const isOver = getComputedStyle(host).position === "sticky";
      document.documentElement.style.scrollPaddingBlockEnd = isOver ? `${host.offsetHeight}px` : "";
    }).observe(host);
    open(isOpen);
    if (dallinger?.identity?.participantId) refresh();
    else showState();
    document.addEventListener("petri:page", refresh);
    ask();
  }

  function read() {
    try {
      return !isMember && localStorage.getItem(OPEN) === "1";
    } catch {
      return false; // storage is blocked
    }
  }

  function open(wanted) {
    isOpen = wanted;
    toggle.setAttribute("aria-expanded", String(isOpen));
    panel.hidden = !isOpen;
    try {
      if (!isMember) localStorage.setItem(OPEN, isOpen ? "1" : "0");
    } catch {
      // storage is blocked: the bar is closed on the next page
    }
    if (isOpen && state) refresh();
  }

  /* ---- Where the participant is ---------------------------------------------------------------------------- */

  function refresh() {
    if (!dallinger) return;
    dallinger.get("/_debug/state").done((answer) => {
      state = answer;
      showState();
    }).fail(({ errorText }) => {
      state = null;
      showState();
      tell(errorText);
    });
  }

  function fact(name, value) {
    if (value === null || value === undefined || value === "") return null;
    return make("span", { class: "fact" }, make("span", { class: "name" }, name), ` ${value} `);
  }

  function showState() {
    for (const control of [fillButton, pages, groupButton]) control.disabled = !state?.path;
    const { participant_id: id, role, round, rounds, path, serial, condition, points, ended } = state || {};
    const cell = Object.entries(condition || {}).map(([name, level]) => `${name}: ${level}`).join(", ");
    const turn = round ? `${round}${rounds ? ` of ${rounds}` : ""}` : "";
    facts.replaceChildren(...[
      fact("page", ended ? `ended (${ended})` : path),
      fact("participant", id),
      fact("role", role),
      fact("round", turn),
      fact("condition", cell),
      fact("points", points === "0" ? "" : points),
      fact("serial", serial),
    ].filter(Boolean));
    pages.replaceChildren(...(state?.pages || []).map(option));
    tables.replaceChildren(...(state ? [
      table("Answers", ["item", "round", "answer"], (state.answers || []).map((one) => [one.name, one.round, one.value])),
      table("Variables", ["name", "value"], (state.variables || []).map((one) => [one.name, one.value])),
      members(),
    ].filter(Boolean) : []));
  }

  function option({ path, kind }) {
    const isHere = path === state.path;
    const one = make("option", { value: path }, `${path}${kind === "Page" ? "" : ` (${kind})`}`);
    one.selected = isHere;
    return one;
  }

  function table(caption, heads, rows) {
    if (!rows.length) return null;
    const head = make("tr", {}, ...heads.map((each) => make("th", { scope: "col" }, each)));
    const body = rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, String(cell ?? "")))));
    return make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption },
      make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...body)));
  }

  function members() {
    const rows = (state.group?.members || []).map(({ id, role, path, gone }) => [id, role, gone ? `${path} (gone)` : path]);
    return table(`Group ${state.group?.id ?? ""}`, ["participant", "role", "page"], rows);
  }

  function tell(words) {
    said.textContent = words || "";
  }

  /* ---- Acting ---------------------------------------------------------------------------------------------- */

  function act(route, data, then) {
    tell("");
    return dallinger.post(`/_debug/${route}`, data).done(then).fail((rejection) => {
      const wrong = Object.entries(rejection.answer?.items || {}).map(([name, words]) => `${name}: ${words}`);
      tell([rejection.errorText, ...wrong].join(" "));
    });
  }

  /** Show the page that is due now, from the study's page or from any other. */
  function goOn() {
    if (window.petri?.study?.refresh) window.petri.study.refresh();
    else leave(() => dallinger.goToPage("exp"));
    refresh();
  }

  function fill() {
    return act("fill", {}, goOn);
  }

  function jump() {
    act("jump", { path: pages.value }, goOn);
  }

  function restart() {
    act("entry", {}, ({ url }) => leave(() => location.assign(url)));
  }

  function showGroup() {
    act("members", {}, ({ url }) => leave(() => location.assign(url)));
  }

  function leave(go) {
    dallinger?.allowExit?.();
    go();
  }

  /* ---- Changed files --------------------------------------------------------------------------------------- */

  async function ask() {
    try {
      if (!document.hidden) heed(await (await fetch(`/_debug/changes?instance=${instance}&version=${version}`)).json());
    } catch {
      // petri debug has ended, or is starting again
    }
    setTimeout(ask, POLL_MS);
  }

  function heed(answer) {
    if (answer.reload) {
      // A page that showed an error goes back to the study; any other keeps its place, and what was typed is kept.
      const isError = location.pathname === "/error-page";
      leave(() => (isError && dallinger ? dallinger.goToPage("exp") : location.reload()));
      return;
    }
    if (answer.styles) fetchStyles(answer.version);
    ({ instance, version } = answer);
    showProblems(answer.problems);
  }

  function fetchStyles(number) {
    for (const link of /** @type {NodeListOf<HTMLLinkElement>} */ (document.querySelectorAll('link[rel="stylesheet"]'))) {
      const address = new URL(link.href);
      if (address.origin !== location.origin) continue;
      address.searchParams.set("version", number);
      link.href = address.href;
    }
  }

  let shown = "";

  function showProblems(list) {
    const all = list.join("\n\n");
    if (all === shown) return;
    shown = all;
    problems.hidden = !all;
    problems.replaceChildren(...(all ? [make("strong", {}, "Error in the study"), make("pre", {}, all)] : []));
  }

  // For the view of a group, which fills in all of its members' pages.
  window.petri = { ...window.petri, debug: { fill, get state() { return state; } } };
  begin();
})();
