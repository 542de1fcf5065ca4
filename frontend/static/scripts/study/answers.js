/**
 * Reads the answers of a page, and checks them by the public rules of its items before they are sent. The server checks
 * them again; checking here only saves the participant a round trip. A classic script.
 *
 * A kind of item whose controls aren't native registers a reader: `petri.study.readers.drawing = (element) => value`.
 */
(function () {
  "use strict";
  const { petri } = window;
  if (petri.study?.readAll) return;
  const { text } = petri.study;

  const LISTS = new Set(["choices"]);
  const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
  const NUMBER = /^[-+]?(\d+(\.\d*)?|\.\d+)$/;
  const NOT_A_NUMBER = "?"; // stands for text in a number field that the browser can't parse

  /** Readers by kind: each gets the item's element and returns the raw answer; null means that nothing was answered. */
  const readers = {
    display: () => true, // a display counts as answered once it has been shown
    fill_in: (item) => controlsOf(item).map(({ value }) => value),
    slider: readSlider,
    table: (item) => Object.fromEntries([...item.querySelectorAll("[data-row]")].map((row) => [row.dataset.row, readRow(row)])),
  };

  const itemsIn = (root) => [...root.querySelectorAll("[data-item]")];

  function controlsOf(item) {
    return [...item.querySelectorAll("input, select, textarea")].filter(({ name, disabled }) => name && !disabled);
  }

  function valueIn(controls, isList) {
    const [first] = controls;
    if (first.type === "radio") return controls.find(({ checked }) => checked)?.value ?? null;
    if (first.type === "checkbox") return isList ? controls.filter(({ checked }) => checked).map(({ value }) => value) : first.checked;
    if (first.multiple) return [...first.selectedOptions].map(({ value }) => value);
    if (first.validity?.badInput) return NOT_A_NUMBER;
    return first.value === "" ? null : first.value;
  }

  /** The answer of native controls of one name; a text in one named `colour.other` goes with the option "other". */
  function readControls(element, { kind } = element.dataset) {
    const controls = controlsOf(element);
    if (controls.length === 0) return null;
    const { name } = controls[0];
    const other = controls.find((control) => control.name === `${name}.other`);
    return withOther(valueIn(controls.filter((control) => control.name === name), LISTS.has(kind)), other?.value);
  }

  // A row is a cell with a kind, or a row of a matrix, whose only controls are its radio buttons.
  function readRow(row) {
    return (row.dataset.kind === "slider" ? readSlider : readControls)(row);
  }

  // The position of a slider has no meaning before it was touched.
  function readSlider(item) {
    const slider = item.querySelector("input[type=range]");
    return slider.hasAttribute("data-untouched") ? null : slider.value;
  }

  function withOther(value, other) {
    if (other === undefined) return value;
    const filled = (key) => (key === "other" ? { key, text: other ?? "" } : key);
    return Array.isArray(value) ? value.map(filled) : filled(value);
  }

  function read(item) {
    return (readers[item.dataset.kind] || readControls)(item);
  }

  /** The raw answers of all items below an element, by name. */
  function readAll(root) {
    return Object.fromEntries(itemsIn(root).map((item) => [item.dataset.item, read(item)]).filter(([, value]) => value !== undefined));
  }

  /* ---- Rules ----------------------------------------------------------------------------------------------- */

  function isBlank(value) {
    if (value === null || value === undefined || value === false) return true;
    if (typeof value === "string") return value.trim() === "";
    if (Array.isArray(value)) return value.length === 0 || value.every(isBlank);
    return typeof value === "object" && Object.values(value).every(isBlank);
  }


  function missing(rules, value) {
    if (rules.required === false) return null;
    if (rules.kind === "consent" && value !== true) return text("Tick the box to agree.");
    if (isBlank(value) && !(rules.least === 0 && Array.isArray(value))) return text("Please answer this question.");
    return null;
  }

  const isGiven = (bound) => bound !== undefined && bound !== null;

  function wrongNumber({ minimum, maximum, decimals = 0 }, value) {
    const written = String(value).trim().replace(/\u2212/g, "-").replace(",", ".");
    if (!NUMBER.test(written)) return text("The answer must be a number.");
    const number = Number(written);
    if (isGiven(minimum) && number < Number(minimum)) return text("The number must be {minimum} at least.", { minimum });
    if (isGiven(maximum) && number > Number(maximum)) return text("The number must be {maximum} at most.", { maximum });
    if ((written.split(".")[1] || "").replace(/0+$/, "").length <= decimals) return null;
    return decimals === 0 ? text("The number must be a whole number.") : text("The number can have {decimals} decimal places at most.", { decimals });
  }

  function wrongText({ min_length: minimum, max_length: maximum, pattern, kind, pattern_help: help }, value) {
    const { length } = [...value];
    if (maximum && length > maximum) return text("The answer has {length} characters; {maximum} are allowed.", { length, maximum });
    if (minimum && length < minimum) return text("Write at least {minimum} characters.", { minimum });
    if (kind === "email" && !EMAIL.test(value.trim())) return text("Write an email address, such as name@example.org.");
    if (pattern && !matches(pattern, value)) return help || text("The answer does not have the expected form.");
    return null;
  }

  // Patterns have Python's syntax: only the server checks those that JavaScript can't compile.
  function matches(pattern, value) {
    try {
      return new RegExp(`^(?:${pattern})$`, "u").test(value);
    } catch {
      return true;
    }
  }

  function wrongList({ least, most, alone }, value) {
    if (least && value.length < least) return text("Choose at least {least}.", { least });
    if (most && value.length > most) return text("Choose {most} at most.", { most });
    if (value.length > 1 && alone?.some((key) => value.includes(key))) return text("One of the options you chose excludes the others.");
    return value.map(wrongOther).find(Boolean) || null;
  }

  function wrongOther(value) {
    return value?.key === "other" && isBlank(value.text) ? text("Please say what you mean by the other answer.") : null;
  }

  const NUMERIC = new Set(["number", "range", "slider"]);

  function wrongRow({ rows, item }, value) {
    const problems = (rows || Object.keys(value)).map((row) => problem(item || {}, value[row]));
    return problems.find(Boolean) || null;
  }

  /** The problem of an answer by the item's public rules: a sentence, or null. */
  function problem(rules, value) {
    const lacking = missing(rules, value);
    if (lacking || isBlank(value)) return lacking;
    if (NUMERIC.has(rules.kind)) return wrongNumber(rules, value);
    if (rules.kind === "table") return wrongRow(rules, value);
    if (typeof value === "string") return wrongText(rules, value);
    return Array.isArray(value) ? wrongList(rules, value) : wrongOther(value);
  }

  /** The problems of all answers, by item. */
  function problems(items, answers) {
    const problems = Object.entries(items || {}).filter(([name]) => name in answers).map(([name, rules]) => [name, problem(rules, answers[name])]);
    return Object.fromEntries(problems.filter(([, sentence]) => sentence));
  }

  window.petri = { ...petri, study: { ...petri.study, readers, preparers: {}, readAll, problem, problems, isBlank } };
})();
