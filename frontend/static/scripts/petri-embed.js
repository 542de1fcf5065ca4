// @ts-check
/**
 * The page around an embedded file, as `Embed(...)` declares it: shows the file in a frame, sends the trials that it records in
 * batches, and ends the page when the file is done. What isn't stored on the server yet is kept in the browser, so that
 * neither a reload nor a broken connection loses a trial. A module that `petri-study.js` imports as the script of the page.
 *
 * The frame is sandboxed and has no origin, so the file can't read the participant's token or what the browser stores for this
 * site. Both sides check who sends a message: the page by the frame's window and a random word in the frame's address, the frame by
 * its parent window and origin.
 */
const RETRY_MS = 3000;
const IDLE_MS = 5000; // after which trials are sent although a batch isn't full
const MOST_BYTES = 100_000; // of one batch; the server takes twice as much
const SANDBOX = "allow-scripts allow-forms allow-modals allow-pointer-lock";

/** @param {any} given what a page's script gets: page, data, element, signal, answer, submit */
export default async function run({ page, data, element, signal, answer, submit }) {
  const { petri } = /** @type {any} */ (window);
  const draft = petri.draft(`embed:${page.serial}`);
  const stored = await storedTrials(page, data);
  if (signal.aborted) return;
  const sender = new Sender(page.serial, stored.length, data.batch, { signal, answer, submit, draft });
  sender.takeUp();
  signal.addEventListener("abort", () => draft.clear(), { once: true }); // another page is due
  const begins = () => ({
    data: data.given,
    seed: data.seed,
    language: page.language,
    direction: page.direction,
    stored: [...stored, ...sender.added],
    state: sender.state,
  });
  const receive = ({ trial, state, answers, focus }) => {
    // While the frame has the focus, this window can't see that the participant leaves.
    if (focus) dispatchEvent(new Event(focus));
    if (sender.isDone) return;
    if (trial) sender.add(trial);
    else if (state !== undefined) sender.keepState(state);
    else if (answers) sender.finish(answers);
  };
  showFrame(element, data, { title: page.title, begins, receive, signal });
}

/** The trials that the server has; a page that wasn't just asked for doesn't come with them. */
async function storedTrials(page, data) {
  if (page.stored_trials?.length === data.first) return page.stored_trials;
  if (data.first === 0) return [];
  const { dallinger } = /** @type {any} */ (window);
  const again = await new Promise((done, fail) => { dallinger.get("/page").done(done).fail(fail); });
  return again.serial === page.serial ? again.stored_trials || [] : [];
}

function showFrame(element, data, { title, begins, receive, signal }) {
  const word = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const frame = document.createElement("iframe");
  frame.className = "embed-frame";
  frame.title = title || element.querySelector("h1")?.textContent || "";
  frame.setAttribute("sandbox", data.same_origin ? `${SANDBOX} allow-same-origin` : SANDBOX);
  frame.allow = data.same_origin ? "fullscreen; autoplay; camera; microphone" : "fullscreen; autoplay";
  const origin = data.same_origin ? location.origin : "null";
  const greeted = (event) => {
    if (event.source !== frame.contentWindow || event.origin !== origin) return;
    if (event.data?.petri !== "hello" || event.data.word !== word) return;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (message) => receive(message.data);
    // A frame without an origin has none that could be named here; only this page knows the word.
    frame.contentWindow.postMessage({ petri: "begin", ...begins() }, data.same_origin ? origin : "*", [port2]);
    frame.focus();
  };
  addEventListener("message", greeted, { signal });
  frame.src = `${data.src}#petri=${word}`;
  element.append(frame);
}

/** Keeps what the file records, and sends it until the server has it. */
class Sender {
  constructor(serial, first, batch, { signal, answer, submit, draft }) {
    this.serial = serial;
    this.first = first; // the number of the first trial that the server doesn't have
    this.batch = batch;
    this.signal = signal;
    this.answer = answer;
    this.submit = submit;
    this.draft = draft;
    /** @type {any[]} */
    this.waiting = []; // trials that the server doesn't have yet
    /** @type {any[]} */
    this.added = []; // trials that were recorded since this page was loaded, for a file that loads again
    this.state = undefined;
    this.isDone = false;
    this.isStopped = false;
    this.sending = null;
    this.timer = 0;
    document.addEventListener("visibilitychange", () => document.hidden && this.send(), { signal });
    addEventListener("online", () => this.send(), { signal });
  }

  /** Go on with what a page before a reload has kept. */
  takeUp() {
    const kept = this.draft.value;
    if (!kept) return;
    this.state = kept.state;
    if (kept.first > this.first) return;
    this.waiting = (kept.waiting || []).slice(this.first - kept.first);
    this.added = [...this.waiting];
    this.noteChange();
    if (this.waiting.length) this.send();
  }

  add(trial) {
    this.waiting.push(trial);
    this.added.push(trial);
    this.noteChange();
    if (this.waiting.length >= this.batch) this.send();
    else if (!this.timer) this.timer = window.setTimeout(() => this.send(), IDLE_MS);
  }

  keepState(state) {
    this.state = state;
    this.noteChange();
  }

  noteChange() {
    this.draft.keep({ first: this.first, waiting: this.waiting, state: this.state });
    // When the time is up, the page sends this.
    if (!this.isDone) this.answer({ first: this.first, trials: this.nextBatch() });
  }

  nextBatch() {
    const found = [];
    let bytes = 0;
    for (const trial of this.waiting.slice(0, this.batch)) {
      bytes += JSON.stringify(trial).length;
      if (found.length && bytes > MOST_BYTES) break;
      found.push(trial);
    }
    return found;
  }

  send() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.sending ||= this.sendAll().finally(() => { this.sending = null; });
    return this.sending;
  }

  async sendAll() {
    while (this.waiting.length && !this.signal.aborted && !this.isStopped) {
      const trials = this.nextBatch();
      try {
        this.noteStored(await post(this.serial, { first: this.first, trials }));
      } catch (error) {
        const rejection = /** @type {any} */ (error);
        if (rejection.isPassing) await pause(RETRY_MS, this.signal);
        else this.stop();
      }
    }
  }

  noteStored(page) {
    if (page.serial !== this.serial) {
      this.isStopped = true;
      (/** @type {any} */ (window)).petri.study.refresh();
      return;
    }
    this.waiting.splice(0, page.data.first - this.first);
    this.first = page.data.first;
    this.noteChange();
  }

  // Sending it as the page's answer shows what is wrong with it.
  stop() {
    this.isStopped = true;
    this.submit();
  }

  async finish(answers) {
    this.isDone = true;
    await this.send();
    if (this.signal.aborted || this.isStopped) return;
    this.answer({ first: this.first, trials: [], answers, done: true });
    this.submit();
  }
}

function post(serial, answers) {
  const { dallinger } = /** @type {any} */ (window);
  return new Promise((done, fail) => { dallinger.post("/page", { serial, answers }).done(done).fail(fail); });
}

/** Wait; ends at once when the page is left, or the connection is back. */
function pause(milliseconds, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, milliseconds);
    const end = () => { clearTimeout(timer); done(undefined); };
    addEventListener("online", end, { once: true });
    signal.addEventListener("abort", end, { once: true });
  });
}
