// @ts-check
/**
 * A block of reaction-time trials, as `Trials(...)` declares it: a fixation cross, a stimulus, a key, a pause. It runs
 * without requests; batches are sent while it goes on, and the last one ends the page. A module that `petri-study.js`
 * imports as the script of the page.
 */
const RETRY_MS = 3000;
const FEEDBACK_MS = 600;

/** @typedef {{ key: string | null, rt_ms: number | null }} Answer */

/** @param {any} argument a page script's argument: page, data, element, signal, answer, submit */
export default async function run({ page, data, element, signal, answer, submit }) {
  const stage = makeStage(element, data);
  const sender = new Sender(page.serial, data.first, signal);
  await stage.begin(signal);
  /** @type {Answer[]} */
  let batch = [];
  for (const [number, trial] of data.trials.entries()) {
    if (signal.aborted) return;
    stage.count(data.first + number + 1, data.total);
    const response = await oneTrial(stage, trial, data, signal);
    if (signal.aborted) return;
    batch.push(response);
    const isLast = number + 1 === data.trials.length;
    if (batch.length === data.batch && !isLast) {
      sender.send(batch);
      batch = [];
    }
  }
  stage.clear();
  await sender.finished();
  if (signal.aborted) return;
  answer({ first: sender.first, trials: batch });
  submit();
}

async function oneTrial(stage, trial, data, signal) {
  stage.fixation();
  await pause(data.fixation_ms, signal);
  const shownAt = await stage.show(trial);
  const response = await stage.key(shownAt, data.deadline_ms, signal);
  stage.clear();
  if (trial.right !== undefined && !signal.aborted) {
    stage.tell(response.key !== null && data.keys[response.key] === trial.right);
    await pause(FEEDBACK_MS, signal);
    stage.clear();
  }
  const [least, most] = data.gap_ms;
  await pause(least + Math.random() * (most - least), signal);
  return response;
}

/** Wait; ends at once when the page is left. */
function pause(milliseconds, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); done(undefined); }, { once: true });
  });
}

/** Sends batches one after the other, and again until the server has them. */
class Sender {
  constructor(serial, first, signal) {
    this.serial = serial;
    this.first = first;
    this.signal = signal;
    this.sending = Promise.resolve();
  }

  send(trials) {
    const first = this.first;
    this.first += trials.length;
    this.sending = this.sending.then(() => this.untilStored({ first, trials }));
  }

  async untilStored(answers) {
    while (!this.signal.aborted) {
      try {
        await this.post(answers);
        return;
      } catch {
        await pause(RETRY_MS, this.signal);
      }
    }
  }

  post(answers) {
    const { dallinger } = /** @type {any} */ (window);
    return new Promise((done, fail) => dallinger.post("/page", { serial: this.serial, answers }).done(done).fail(fail));
  }

  finished() {
    return this.sending;
  }
}

/** The display: the stimulus, the keys as buttons, and the progress of the block. */
function makeStage(element, data) {
  const { text } = (/** @type {any} */ (window)).petri.study;
  const box = document.createElement("div");
  box.className = "trials";
  const screen = document.createElement("div");
  screen.className = "trial-screen";
  screen.setAttribute("aria-live", "assertive");
  const counter = document.createElement("p");
  counter.className = "trial-count";
  const start = document.createElement("button");
  start.type = "button";
  start.className = "btn btn-primary btn-lg";
  start.textContent = text("Start");
  const buttons = document.createElement("div");
  buttons.className = "trial-keys";
  buttons.setAttribute("role", "group");
  buttons.setAttribute("aria-label", text("Keys"));
  buttons.hidden = true;
  for (const [key, response] of Object.entries(data.keys)) buttons.append(keyButton(key, response));
  box.append(counter, screen, buttons, start);
  element.append(box);
  let press = null;
  buttons.addEventListener("pointerdown", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-key]");
    if (button instanceof HTMLElement) press?.(button.dataset.key, event.timeStamp);
  });
  // A screen reader's click has no pointer event before it.
  buttons.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-key]");
    if (button instanceof HTMLElement && event.detail === 0) press?.(button.dataset.key, event.timeStamp);
  });

  return {
    begin(signal) {
      return new Promise((done) => {
        start.addEventListener("click", () => {
          start.remove();
          buttons.hidden = false;
          done(undefined);
        }, { once: true, signal });
        signal.addEventListener("abort", () => done(undefined), { once: true });
      });
    },
    count(number, total) { counter.textContent = `${number} / ${total}`; },
    fixation() { screen.replaceChildren(textNode("+", "trial-fixation")); },
    clear() { screen.replaceChildren(); },
    tell(isRight) { screen.replaceChildren(textNode(isRight ? text("Correct") : text("Incorrect"), isRight ? "trial-right" : "trial-wrong")); },
    /** Show a stimulus, and resolve with the time at which the screen showed it. */
    show(trial) {
      screen.replaceChildren(...stimulus(trial));
      return new Promise((done) => {
        requestAnimationFrame(() => requestAnimationFrame((time) => done(time)));
      });
    },
    /** Wait for one of the keys. */
    key(shownAt, deadline, signal) {
      return new Promise((done) => {
        const finish = (key, time) => {
          clearTimeout(timer);
          document.removeEventListener("keydown", typed);
          press = null;
          done({ key, rt_ms: key === null ? null : Math.max(0, Math.round((time - shownAt) * 100) / 100) });
        };
        const typed = (event) => {
          const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
          const name = Object.keys(data.keys).find((each) => each === event.key || each.toLowerCase() === key);
          if (event.repeat || name === undefined) return;
          event.preventDefault();
          finish(name, event.timeStamp);
        };
        const timer = setTimeout(() => finish(null, 0), deadline);
        press = finish;
        document.addEventListener("keydown", typed);
        signal.addEventListener("abort", () => finish(null, 0), { once: true });
      });
    },
  };
}

function keyButton(key, response) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn trial-key";
  button.dataset.key = key;
  const name = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" }[key] || key.toUpperCase();
  const cap = document.createElement("kbd");
  cap.textContent = name;
  button.append(cap, ` ${response}`);
  return button;
}

function stimulus(trial) {
  const parts = [];
  if (trial.image) {
    const image = document.createElement("img");
    image.src = address(trial.image);
    image.alt = trial.text || "";
    image.className = "trial-image";
    parts.push(image);
  }
  if (trial.text) {
    const word = textNode(trial.text, "trial-text");
    if (trial.colour && CSS.supports("color", trial.colour)) word.style.color = trial.colour;
    parts.push(word);
  }
  if (trial.sound) new Audio(address(trial.sound)).play().catch((error) => console.error(error));
  return parts;
}

const address = (path) => `/static/${path.replace(/^\/?static\//, "")}`;

function textNode(text, name) {
  const node = document.createElement("p");
  node.className = name;
  node.textContent = text;
  return node;
}
