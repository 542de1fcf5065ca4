/* Publishes a chosen zip in the library: hashes it, posts it, and finishes the upload. Counts that a page was opened,
   and copies its public address. */

(() => {
  /**
   * @param {HTMLFormElement} form
   * @param {Record<string, string | number>} fields
   */
  function send(form, fields) {
    const token = /** @type {HTMLInputElement} */ (form.elements.namedItem("csrf")).value;
    const body = new URLSearchParams({ csrf: token, form: crypto.randomUUID().replaceAll("-", "") });
    for (const [name, value] of Object.entries(fields)) body.set(name, String(value));
    return fetch(form.action, { method: "POST", body });
  }

  /**
   * @param {HTMLFormElement} form
   * @param {Record<string, string | number>} fields
   */
  async function ask(form, fields) {
    const response = await send(form, fields);
    const isJson = (response.headers.get("content-type") || "").startsWith("application/json");
    if (!isJson) throw new Error("The server didn't answer. Reload the page, and try again.");
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error_text);
    return answer;
  }

  /**
   * @param {{url: string, fields: Record<string, string>}} begun
   * @param {File} file
   */
  async function post(begun, file) {
    /** @type {Blob | FormData} */
    let body = file;
    if (Object.keys(begun.fields).length) {
      body = new FormData();
      for (const [name, value] of Object.entries(begun.fields)) body.append(name, value);
      body.append("file", file);
    }
    const response = await fetch(begun.url, { method: "POST", body });
    if (!response.ok) throw new Error("The file wasn't taken. Try again.");
  }

  /**
   * @param {HTMLFormElement} form
   * @param {File} file
   * @param {(text: string) => void} show
   */
  async function publish(form, file, show) {
    show("The file is being read.");
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    /** @type {Record<string, string>} */
    const texts = {};
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && name !== "csrf" && name !== "form") texts[name] = value;
    }
    const begun = await ask(form, { do: "begin", name: texts.name, size: file.size, sha256 });
    if (begun.entry) return begun.entry.id;
    try {
      show("The file is being uploaded.");
      await post(begun, file);
      show("The package is being checked.");
      return (await ask(form, { ...texts, do: "finish", upload: begun.id })).id;
    } catch (error) {
      await ask(form, { do: "cancel", upload: begun.id }).catch(() => null);
      throw error;
    }
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
