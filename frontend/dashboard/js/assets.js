/* Uploads chosen or dropped files: hashes each, draws its small pictures, posts it, and shows how far it is. */

(() => {
  const { ask, sha256, transfer } = window.petriUploads;
  const THUMBNAIL_SIDE = 240;
  const BLUR_SIDE = 12;
  /* Below what the server takes, as the length of a data: address. */
  const MOST = { thumbnail: 15000, blur: 1300 };

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
    const row = await transfer(form, begun, file, known, (share) => show(`${Math.round(100 * share)} %`, share));
    show("uploaded", 1);
    return row.id;
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
