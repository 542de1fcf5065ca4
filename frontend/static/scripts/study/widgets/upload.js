/**
 * Upload: checks a file's type and size, computes its SHA-256, sends it to where the server says, and shows how far it is. Sounds and
 * videos can be recorded on the page, and drawings made, where the browser allows it. A classic script.
 */
(function () {
  "use strict";
  const { petri, dallinger } = window;
  const { study } = petri;
  const { text } = study;

  const MEGABYTE = 1_000_000; // as the server counts
  const RECORDINGS = { sound: { audio: true }, video: { audio: true, video: true } };
  const RECORDED_AT_MOST_MS = 10 * 60000;

  function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  async function sha256(file) {
    const bytes = await file.arrayBuffer();
    if (!crypto.subtle) return window.petriConsent.sha256(new Uint8Array(bytes)); // missing on plain http
    const hash = await crypto.subtle.digest("SHA-256", bytes);
    return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function isAccepted({ name, type }, accept) {
    return accept.length === 0 || accept.some((each) => (
      each.startsWith(".") ? name.toLowerCase().endsWith(each.toLowerCase())
        : each.endsWith("/*") ? type.startsWith(each.slice(0, -1)) : type === each));
  }

  function formOf(fields, file) {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, String(value));
    form.append("file", file); // S3 ignores what comes after it
    return form;
  }

  /** Send a file as a form, or as it is where the address needs no fields, and report how much of it has gone. */
  function sendFile({ url, fields }, file, onProgress) {
    return new Promise((/** @type {(value?: unknown) => void} */ done, fail) => {
      const request = new XMLHttpRequest(); // fetch can't say how far an upload is
      request.open("POST", new URL(url, location.origin));
      request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
      request.onload = () => (request.status < 300 ? done() : fail(new Error(`HTTP ${request.status}`)));
      request.onerror = request.onabort = () => fail(new Error("no answer"));
      request.send(fields ? formOf(fields, file) : file);
    });
  }

  class Upload {
    constructor(item, { accept = [], max_bytes: most = Number.POSITIVE_INFINITY, source = "file" }) {
      this.name = item.dataset.item;
      this.accept = accept;
      this.most = most;
      this.field = item.querySelector("input[type=file]");
      this.progress = item.querySelector(".item-progress");
      this.said = item.querySelector(".item-uploaded");
      this.kept = element("input", { type: "text", name: `${this.name}.uploaded`, hidden: true }); // part of the draft
      this.field.after(this.kept);
      this.field.addEventListener("change", (event) => {
        event.stopPropagation();
        if (this.field.files[0]) this.take(this.field.files[0]);
      });
      item.addEventListener("petri:restored", () => this.show());
      if (RECORDINGS[source]) this.addRecorder(RECORDINGS[source], source);
      if (source === "drawing") this.addDrawing();
    }

    get answer() {
      return this.kept.value ? JSON.parse(this.kept.value) : null;
    }

    show(words = this.answer ? text("Uploaded: {size} MB", { size: Math.max(0.01, this.answer.size / MEGABYTE).toFixed(2) }) : "") {
      this.said.textContent = words;
    }

    take(file) {
      this.sending = this.send(file).catch((rejection) => {
        this.show(rejection?.answer?.items?.[this.name] || text("The file could not be sent. Please try again."));
      }).finally(() => {
        this.sending = null;
        this.progress.hidden = true;
      });
      return this.sending;
    }

    async send(file) {
      this.keep(null);
      if (!isAccepted(file, this.accept)) return this.show(text("A file of this type is not accepted."));
      if (file.size > this.most) return this.show(text("The file is too large; it can have {size} MB at most.", { size: (this.most / MEGABYTE).toFixed(1) }));
      this.progress.hidden = false;
      this.progress.removeAttribute("value");
      const described = { size: file.size, type: file.type.split(";")[0] || "application/octet-stream", sha256: await sha256(file) };
      const ending = /\.[^.]+$/.exec(file.name)?.[0] || "";
      const { upload, reference } = await dallinger.post("/page/upload", { serial: study.current.serial, item: this.name, ending, ...described });
      await sendFile(upload, file, (share) => { this.progress.value = share; });
      this.keep({ reference, ...described });
      return this.show();
    }

    keep(answer) {
      this.kept.value = answer ? JSON.stringify(answer) : "";
      this.kept.dispatchEvent(new Event("change", { bubbles: true }));
      this.show();
    }

    addRecorder(wanted, source) {
      if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) return;
      const label = () => (this.recorder ? text("Stop recording") : text("Record"));
      const button = element("button", { type: "button", className: "btn btn-small item-record", textContent: text("Record") });
      const player = /** @type {HTMLMediaElement} */ (element(source === "video" ? "video" : "audio", { controls: true, hidden: true }));
      this.field.after(button, player);
      button.addEventListener("click", async () => {
        if (this.recorder) {
          this.recorder.stop();
          return;
        }
        try {
          await this.record(wanted, player, () => { button.textContent = label(); });
        } catch {
          this.show(text("The browser did not allow the recording."));
        }
      });
    }

    async record(wanted, player, tell) {
      const stream = await navigator.mediaDevices.getUserMedia(wanted);
      const recorder = new MediaRecorder(stream);
      const chunks = [];
      const patience = setTimeout(() => recorder.state === "recording" && recorder.stop(), RECORDED_AT_MOST_MS);
      recorder.ondataavailable = ({ data }) => chunks.push(data);
      recorder.onstop = () => {
        clearTimeout(patience);
        for (const track of stream.getTracks()) track.stop();
        this.recorder = null;
        tell();
        const type = recorder.mimeType.split(";")[0];
        const file = new File(chunks, `recording.${type.split("/")[1]}`, { type });
        player.src = URL.createObjectURL(file);
        player.hidden = false;
        this.take(file);
      };
      this.recorder = recorder;
      recorder.start();
      tell();
    }

    addDrawing() {
      const canvas = /** @type {HTMLCanvasElement} */ (element("canvas", { width: 800, height: 500, className: "item-canvas" }));
      canvas.setAttribute("aria-label", text("Drawing area"));
      canvas.setAttribute("role", "img");
      const brush = canvas.getContext("2d");
      Object.assign(brush, { lineWidth: 4, lineCap: "round", lineJoin: "round", strokeStyle: "#222", fillStyle: "#fff" });
      const clear = () => brush.fillRect(0, 0, canvas.width, canvas.height);
      clear();
      /** @returns {[number, number]} */
      const at = ({ clientX, clientY }) => {
        const { left, top, width, height } = canvas.getBoundingClientRect();
        return [((clientX - left) / width) * canvas.width, ((clientY - top) / height) * canvas.height];
      };
      canvas.addEventListener("pointerdown", (event) => {
        canvas.setPointerCapture(event.pointerId);
        brush.beginPath();
        brush.moveTo(...at(event));
        brush.lineTo(...at(event));
        brush.stroke();
      });
      canvas.addEventListener("pointermove", (event) => {
        if (!canvas.hasPointerCapture(event.pointerId)) return;
        brush.lineTo(...at(event));
        brush.stroke();
      });
      const use = element("button", { type: "button", className: "btn btn-small", textContent: text("Use this drawing") });
      const again = element("button", { type: "button", className: "btn btn-small", textContent: text("Start again") });
      use.addEventListener("click", () => canvas.toBlob((blob) => this.take(new File([blob], "drawing.png", { type: "image/png" }))));
      again.addEventListener("click", () => {
        clear();
        this.keep(null);
      });
      this.field.after(canvas, element("div", { className: "item-code-bar" }, use, again));
    }
  }

  const uploads = new WeakMap();
  study.enhancers.upload = (item, rules) => { uploads.set(item, new Upload(item, rules)); };
  study.readers.upload = (item) => uploads.get(item)?.answer ?? null;
  study.preparers.upload = (item) => uploads.get(item)?.sending ?? undefined;
})();
