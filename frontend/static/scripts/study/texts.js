/**
 * `petri.study.text(english, values)`: built-in text in the language of the page. English is in the scripts; the other
 * languages are files in `/static/texts`, which a page of that language loads once. A classic script.
 */
(function () {
  "use strict";
  const { petri } = window;
  if (petri.study?.text) return;

  let translations = {};
  let loaded = "en";
  let loading = Promise.resolve();

  /** The built-in text in the page's language; `{name}` in it is replaced by that value. */
  function text(english, values = {}) {
    return String(translations[english] ?? english).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
  }

  /** Load the built-in text of a language, such as `de` or `pt-BR`; without a translation it stays English. */
  function speak(language) {
    const code = String(language || "en").toLowerCase().split(/[-_]/)[0];
    if (code !== loaded && /^[a-z]{2,3}$/.test(code)) {
      loaded = code;
      loading = load(code);
    }
    return loading; // which may be that of an earlier call
  }

  async function load(language) {
    const texts = language === "en" ? {} : await fetched(`/static/texts/${language}.json`);
    if (language === loaded || loaded === "") translations = texts;
  }

  async function fetched(address) {
    try {
      const response = await fetch(address);
      return response.ok ? await response.json() : {};
    } catch {
      loaded = ""; // retry at the next page
      return {};
    }
  }

  /** Translate the elements of the shell that are marked with `data-text`; their English text is the key. */
  function translate(root) {
    for (const element of root.querySelectorAll("[data-text]")) {
      element.dataset.text = element.dataset.text || element.textContent;
      element.textContent = text(element.dataset.text);
    }
  }

  window.petri = { ...petri, study: { ...petri.study, text, speak, translate } };
})();
