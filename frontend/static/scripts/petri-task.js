// @ts-check
/**
 * For a file that `Embed(...)` shows in a frame: hands what it records over to the study. A classic script.
 *
 *   const task = await petri.begin();   // task.data, task.seed, task.language, task.stored, task.state
 *   petri.trial({ rt: 512, correct: true });
 *   petri.save({ page: 2 });            // comes back as task.state after a reload
 *   petri.finish({ liked: "yes" });     // ends the page
 *
 * `petri.jspsych`, `petri.labjs` and `petri.surveyjs` do this for these libraries. A file that is opened on its own, without a
 * study, works as well: what it records is then written to the browser's console.
 */
(function () {
  "use strict";
  const page = /** @type {any} */ (window);
  if (page.petri?.begin) return;

  const { origin } = new URL(location.href); // of the address: a sandboxed frame has no origin of its own
  const word = new URLSearchParams(location.hash.slice(1)).get("petri");
  const isAlone = window.parent === window || !word;

  let port = null;
  let begun = null;

  /** Resolves with what the study gives to this file, once the page around the frame is ready. */
  function begin() {
    begun ||= isAlone ? alone() : greet();
    return begun;
  }

  async function alone() {
    port = { postMessage: (message) => console.info("petri:", message) };
    return { data: {}, seed: Math.floor(Math.random() * 2 ** 32), language: navigator.language, direction: "ltr", stored: [] };
  }

  function greet() {
    return new Promise((done) => {
      const receive = (event) => {
        if (event.source !== window.parent || event.origin !== origin || event.data?.petri !== "begin") return;
        removeEventListener("message", receive);
        [port] = event.ports;
        const { petri, ...task } = event.data;
        done(task);
        for (const focus of ["blur", "focus"]) addEventListener(focus, () => port.postMessage({ focus }));
      };
      addEventListener("message", receive);
      window.parent.postMessage({ petri: "hello", word }, origin);
    });
  }

  // In the order of the calls: a promise's callbacks run in the order in which they were added.
  function send(message) {
    const plain = asJson(message);
    return begin().then(() => port.postMessage(plain));
  }

  /** A copy that is JSON: without functions, and without texts that no table can hold. */
  function asJson(value) {
    const clean = (_, each) => (typeof each === "string" ? each.replace(/\0/g, "").replace(/\p{Surrogate}/gu, "\ufffd") : each);
    return JSON.parse(JSON.stringify(value, clean));
  }

  /** Record one trial: an object with a value for each column. */
  function trial(row) {
    return send({ trial: { ...row } });
  }

  /** Keep a state in the browser, from which this file can go on after a reload. */
  function save(state) {
    return send({ state });
  }

  /** End the page, with answers by name, or a list of `{ item, kind, answer }`. */
  function finish(answers = {}) {
    return send({ answers });
  }

  /* ---- jsPsych --------------------------------------------------------------------------------------------- */

  /**
   * Run a jsPsych timeline; each trial is recorded when it ends. After a reload, stored trials return their data at once
   * instead of being shown, so that the timeline goes on where it was: random orders are the same by the seed.
   *
   * @param {any} timeline a timeline, or a function that gets jsPsych and the task and returns one
   * @param {any} options options of `initJsPsych`
   */
  async function jspsych(timeline, options = {}) {
    const task = await begin();
    let count = 0;
    const isReplaying = () => count < task.stored.length;
    const jsPsych = page.initJsPsych({
      ...options,
      on_data_update(row) {
        if (!isReplaying()) trial(row);
        count += 1;
        options.on_data_update?.(row);
      },
      on_finish(rows) {
        options.on_finish?.(rows);
        finish();
      },
    });
    jsPsych.randomization.setSeed(String(task.seed));
    const made = typeof timeline === "function" ? timeline(jsPsych, task) : timeline;
    const replayed = replaying(isReplaying, () => task.stored[count]);
    return jsPsych.run([made].flat().map(replayed));
  }

  /** A function that makes the trials of a timeline return what is stored of them, as long as there is something. */
  function replaying(isReplaying, next) {
    const known = new Map();
    const wrapped = (type) => {
      if (!known.has(type)) {
        known.set(type, class extends type {
          trial(element, parameters, onLoad) {
            if (!isReplaying()) return super.trial(element, parameters, onLoad);
            onLoad();
            return Promise.resolve({ ...next() });
          }
        });
      }
      return known.get(type);
    };
    return function replayed(node) {
      const copy = { ...node };
      if (Array.isArray(node.timeline)) copy.timeline = node.timeline.map(replayed);
      if (isPlugin(node.type)) copy.type = wrapped(node.type);
      if (node.post_trial_gap > 0) copy.post_trial_gap = () => (isReplaying() ? 0 : node.post_trial_gap);
      return copy;
    };
  }

  const isPlugin = (type) => typeof type === "function" && typeof type.prototype?.trial === "function";

  /* ---- lab.js ---------------------------------------------------------------------------------------------- */

  /**
   * Run a study of lab.js; each row of its data is recorded. It begins again after a reload: the column `run` counts how often
   * it has begun.
   */
  async function labjs(study) {
    const task = await begin();
    const run = (task.state?.run || 0) + 1;
    save({ run });
    await study.prepare();
    const { datastore } = study.options;
    let sent = 0;
    // A row is complete when the next one is added, or at the end.
    const sendUntil = (end) => { while (sent < end) trial({ ...datastore.data[sent++], run }); };
    datastore.on("commit", () => sendUntil(datastore.data.length - 1));
    study.on("epilogue", () => {
      sendUntil(datastore.data.length);
      finish();
    });
    return study.run();
  }

  /* ---- SurveyJS -------------------------------------------------------------------------------------------- */

  /**
   * Show a form of SurveyJS; each of its questions becomes a response. Answers are kept while it is filled in.
   *
   * @param {any} form the form's JSON, or a `Survey.Model`
   * @param {Element} [place] where it is shown
   */
  async function surveyjs(form, place = document.body) {
    const task = await begin();
    const { Survey } = page;
    const model = form instanceof Survey.Model ? form : new Survey.Model(form);
    model.locale = model.locale || task.language;
    model.showCompletePage = false;
    if (task.state) {
      model.data = task.state.answers;
      model.currentPageNo = task.state.page;
    }
    const keep = () => save({ answers: model.data, page: model.currentPageNo });
    model.onValueChanged.add(keep);
    model.onCurrentPageChanged.add(keep);
    model.onComplete.add(() => finish(model.getAllQuestions().filter((question) => question.hasInput).flatMap(answersOf)));
    model.render(place);
    return model;
  }

  function answersOf(question) {
    const { name, value, comment } = question;
    const answered = { item: name, kind: kindOf(question), answer: question.isEmpty() ? null : value };
    return comment ? [answered, { item: `${name}_comment`, kind: "comment", answer: comment }] : [answered];
  }

  // Answers of the kind "email" are left out of exports for others.
  function kindOf(question) {
    const type = question.getType();
    return type === "text" && question.inputType === "email" ? "email" : type;
  }

  page.petri = { ...page.petri, begin, trial, save, finish, jspsych, labjs, surveyjs };
})();
