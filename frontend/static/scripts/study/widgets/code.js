/**
 * Code: runs what a participant writes against the author's tests, in a worker that has no network and is stopped when it takes
 * too long. Each run is stored, so that the history can be replayed. A classic script.
 */
(function () {
  "use strict";
  const { petri } = window;
  const { study } = petri;
  const { text } = study;

  const WORKER = "/static/scripts/petri-study-worker.js";
  const MOST_RUNS_BYTES = 40 * 1024;

  class Code {
    constructor(item, { tests = [], seconds = 5, most_runs: most = 50 }) {
      this.tests = tests;
      this.seconds = seconds;
      this.most = most;
      this.field = item.querySelector("textarea");
      this.output = item.querySelector(".item-code-output");
      this.button = item.querySelector(".item-run");
      this.storedRuns = document.createElement("textarea"); // stores the runs over a reload, as part of the draft
      Object.assign(this.storedRuns, { name: `${this.field.name}.runs`, hidden: true, defaultValue: "[]" });
      this.field.after(this.storedRuns);
      this.button?.addEventListener("click", () => this.run());
    }

    get runs() {
      return JSON.parse(this.storedRuns.value || "[]");
    }

    get answer() {
      const { value } = this.field;
      if (value.trim() === "") return null;
      const last = this.runs.at(-1);
      const result = last?.text === value ? { passed: last.passed, failed: last.failed } : { passed: 0, failed: this.tests.length };
      return { text: value, ...result, runs: this.runs };
    }

    keep(run) {
      let runs = [...this.runs, run].slice(-this.most);
      while (runs.length > 1 && JSON.stringify(runs).length > MOST_RUNS_BYTES) runs = runs.slice(1);
      this.storedRuns.value = JSON.stringify(runs);
      this.storedRuns.dispatchEvent(new Event("change", { bubbles: true }));
    }

    /** Run the tests, after a run that is under way. */
    run() {
      this.running = this.running || this.runAll().finally(() => { this.running = null; });
      return this.running;
    }

    /** Run the text that will be sent, unless the last run was of the same text. */
    runIfChanged() {
      const { value } = this.field;
      return value.trim() === "" || this.runs.at(-1)?.text === value ? undefined : this.run();
    }

    async runAll() {
      const began = performance.now();
      const { value } = this.field;
      this.button?.setAttribute("aria-disabled", "true");
      const { results, printed } = await inWorker(value, this.tests, this.seconds);
      this.button?.removeAttribute("aria-disabled");
      const passed = results.filter(({ ok }) => ok).length;
      const error = results.find((each) => each.error)?.error || "";
      const seconds = Number(((performance.now() - began) / 1000).toFixed(3));
      this.keep({ text: value, passed, failed: results.length - passed, error, seconds });
      petri.log("code", `${passed}/${results.length}`, this.field.name);
      this.show(results, printed, passed);
    }

    show(results, printed, passed) {
      const lines = results.map(({ name, ok, error, got }) => line(ok, `${name}${ok ? "" : `: ${error || text("the result was {got}", { got })}`}`));
      const sum = document.createElement("strong");
      sum.textContent = text("{passed} of {total} tests passed", { passed, total: results.length });
      const output = printed ? [Object.assign(document.createElement("pre"), { textContent: printed })] : [];
      this.output.replaceChildren(sum, ...lines, ...output);
    }
  }

  function line(ok, words) {
    const line = document.createElement("span");
    line.className = ok ? "test-passed" : "test-failed";
    line.textContent = `${ok ? "✓" : "✗"} ${words}`;
    return line;
  }

  /** Run tests in a new worker; those that aren't done after some seconds have failed. */
  function inWorker(code, tests, seconds) {
    return new Promise((done) => {
      const worker = new Worker(WORKER);
      const results = [];
      let printed = "";
      const end = (why) => {
        clearTimeout(patience);
        worker.terminate();
        const open = tests.slice(results.length).map(({ name }) => ({ name, ok: false, error: why }));
        done({ results: [...results, ...open], printed });
      };
      const patience = setTimeout(() => end(text("stopped after {seconds} seconds", { seconds })), seconds * 1000);
      worker.onerror = ({ message }) => end(message || text("The program could not be run."));
      worker.onmessage = ({ data }) => {
        if (data.printed) printed += data.printed;
        if (data.result) results.push(data.result);
        if (data.isDone) end("");
      };
      worker.postMessage({ code, tests });
    });
  }

  const programs = new WeakMap();
  study.enhancers.code = (item, rules) => { programs.set(item, new Code(item, rules)); };
  study.readers.code = (item) => programs.get(item)?.answer ?? null;
  study.preparers.code = (item) => programs.get(item)?.runIfChanged();
})();
