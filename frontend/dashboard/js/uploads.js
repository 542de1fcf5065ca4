/* What the scripts of pages with uploads share: requests to the page's own address, hashes, and posting a file. */

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

  /** @param {Blob} file */
  async function sha256(file) {
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /**
   * @param {{url: string, fields: Record<string, string>}} begun
   * @param {File} file
   * @param {(share: number) => void} progress
   */
  function post(begun, file, progress) {
    /** @type {Blob | FormData} */
    let body = file;
    if (Object.keys(begun.fields).length) {
      body = new FormData();
      for (const [name, value] of Object.entries(begun.fields)) body.append(name, value);
      body.append("file", file);
    }
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", begun.url);
      request.upload.addEventListener("progress", (event) => progress(event.loaded / event.total));
      request.addEventListener("load", () =>
        request.status < 300 ? resolve(null) : reject(new Error("The file wasn't taken. Try again.")),
      );
      request.addEventListener("error", () => reject(new Error("The connection was lost. Try again.")));
      request.send(body);
    });
  }

  /**
   * Posts the file of an upload that has begun, and finishes it; gives it up if one of both fails.
   *
   * @param {HTMLFormElement} form
   * @param {{id: string, url: string, fields: Record<string, string>}} begun
   * @param {File} file
   * @param {Record<string, string | number>} facts
   * @param {(share: number) => void} progress
   */
  async function transfer(form, begun, file, facts, progress) {
    try {
      await post(begun, file, progress);
      return await ask(form, { ...facts, do: "finish", upload: begun.id });
    } catch (error) {
      await ask(form, { do: "cancel", upload: begun.id }).catch(() => null);
      throw error;
    }
  }

  window.petriUploads = { send, ask, sha256, transfer };
})();
