/* Publishes a chosen zip in the library: hashes it, posts it, and finishes the upload. Counts that a page was opened,
   and copies its public address. */

(() => {
  const { send, ask, sha256, transfer } = window.petriUploads;

  /**
   * @param {HTMLFormElement} form
   * @param {File} file
   * @param {(text: string) => void} show
   */
  async function publish(form, file, show) {
    show("The file is being read.");
    const hash = await sha256(file);
    /** @type {Record<string, string>} */
    const texts = {};
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && name !== "csrf" && name !== "form") texts[name] = value;
    }
    const begun = await ask(form, { do: "begin", name: texts.name, size: file.size, sha256: hash });
    if (begun.entry) return begun.entry.id;
    show("The file is being uploaded.");
    const entry = await transfer(form, begun, file, texts, (share) => {
      if (share === 1) show("The package is being checked.");
    });
    return entry.id;
  }

  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (
    document.querySelectorAll("[data-library-upload]")
  )) {
    const input = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"));
    const state = /** @type {HTMLElement} */ (form.querySelector("[data-state]"));
    const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const file = input.files?.[0];
      if (!file || button.disabled) return;
      button.disabled = true;
      state.className = "";
      try {
        const name = await publish(form, file, (text) => {
          state.textContent = text;
        });
        location.assign(`${form.action}/${name}`);
      } catch (error) {
        state.className = "bad";
        state.textContent = error instanceof Error ? error.message : String(error);
        button.disabled = false;
      }
    });
  }

  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (
    document.querySelectorAll("[data-library-view]")
  )) {
    send(form, {}).catch(() => null);
  }

  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (
    document.querySelectorAll("[data-copied]")
  )) {
    // Browsers have a clipboard on HTTPS and on this machine alone.
    if (!navigator.clipboard) continue;
    const state = /** @type {HTMLElement} */ (button.nextElementSibling);
    button.hidden = false;
    button.addEventListener("click", () => {
      navigator.clipboard.writeText(button.dataset.copied || "").then(
        () => {
          state.textContent = "Copied.";
        },
        () => {
          state.textContent = "The browser didn't allow it. Select the address, and copy it.";
        },
      );
    });
  }
})();
