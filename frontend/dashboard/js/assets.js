/* Uploads chosen or dropped files: hashes each, draws its small pictures, posts it, and shows how far it is. */

(() => {
  const THUMBNAIL_SIDE = 240;
  const BLUR_SIDE = 12;
  /* Below what the server takes, as the length of a data: address. */
  const MOST = { thumbnail: 15000, blur: 1300 };

  /** @param {Blob} file */
  async function sha256(file) {
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /**
   * @param {CanvasImageSource} image
   * @param {number} width
   * @param {number} height
   * @param {number} side
   * @param {number} most
   */
  function drawn(image, width, height, side, most) {
    const scale = Math.min(1, side / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    for (const quality of [0.8, 0.5, 0.2]) {
      const address = canvas.toDataURL("image/webp", quality);
      if (address.length <= most) return address;
    }
    return "";
  }

  /** @param {File} file */
  async function facts(file) {
    if (!file.type.startsWith("image/")) return {};
    try {
      const image = await createImageBitmap(file);
      const { width, height } = image;
      return {
        width,
        height,
        thumbnail: drawn(image, width, height, THUMBNAIL_SIDE, MOST.thumbnail),
        blur: drawn(image, width, height, BLUR_SIDE, MOST.blur),
      };
    } catch {
      return {}; // The server says what is wrong with the file.
    }
  }

  /**
   * @param {HTMLFormElement} form
   * @param {Record<string, string | number>} fields
   */
  async function ask(form, fields) {
    const token = /** @type {HTMLInputElement} */ (form.elements.namedItem("csrf")).value;
    const body = new URLSearchParams({ csrf: token, form: crypto.randomUUID().replaceAll("-", "") });
    for (const [name, value] of Object.entries(fields)) body.set(name, String(value));
    const response = await fetch(form.action, { method: "POST", body });
    const isJson = (response.headers.get("content-type") || "").startsWith("application/json");
    if (!isJson) throw new Error("The server didn't answer. Reload the page, and try again.");
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error_text);
    return answer;
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
   * @param {HTMLFormElement} form
   * @param {File} file
   * @param {(text: string, share: number) => void} show
   * @returns {Promise<string>} the id of the asset
   */
  async function upload(form, file, show) {
    show("being read", 0);
    const [hash, known] = [await sha256(file), await facts(file)];
    const begun = await ask(form, { do: "begin", name: file.name, size: file.size, sha256: hash });
    if (begun.asset) {
      show(`is here already, as ${begun.asset.name}`, 1);
      return begun.asset.id;
    }
    try {
      await post(begun, file, (share) => show(`${Math.round(100 * share)} %`, share));
      const row = await ask(form, { do: "finish", upload: begun.id, ...known });
      show("uploaded", 1);
      return row.id;
    } catch (error) {
      await ask(form, { do: "cancel", upload: begun.id }).catch(() => null);
      throw error;
    }
  }

  /**
   * @param {HTMLFormElement} form
   * @param {File[]} files
   */
  async function uploadAll(form, files) {
    const list = /** @type {HTMLElement} */ (form.querySelector("[data-uploads]"));
    list.replaceChildren();
    let failed = false;
    let last = "";
    for (const file of files) {
      const line = list.appendChild(document.createElement("li"));
      const text = line.appendChild(document.createElement("span"));
      const bar = line.appendChild(document.createElement("progress"));
      bar.setAttribute("aria-label", `Upload of ${file.name}`);
      try {
        last = await upload(form, file, (state, share) => {
          text.textContent = `${file.name}: ${state}`;
          bar.value = share;
        });
      } catch (error) {
        failed = true;
        bar.remove();
        line.className = "bad";
        text.textContent = `${file.name}: ${error instanceof Error ? error.message : error}`;
      }
    }
    if (!failed) location.assign(files.length === 1 ? `${form.action}/${last}` : form.action);
  }

  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (
    document.querySelectorAll("[data-asset-upload]")
  )) {
    const input = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"));
    const zone = /** @type {HTMLElement} */ (form.querySelector("[data-drop-zone]"));
    const begin = (/** @type {FileList | null | undefined} */ files) => {
      if (files?.length) uploadAll(form, Array.from(files));
    };
    form.addEventListener("submit", (event) => event.preventDefault());
    input.addEventListener("change", () => begin(input.files));
    for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
      zone.addEventListener(kind, (event) => {
        event.preventDefault();
        zone.classList.toggle("over", kind === "dragenter" || kind === "dragover");
      });
    }
    zone.addEventListener("drop", (event) => begin(event.dataTransfer?.files));
  }
})();
