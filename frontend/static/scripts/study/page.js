/**
 * The page of a study: asks the server which page is due, shows it, sends its answers, and shows the next one. The server
 * decides everything: a reload, a second tab or another device shows the page that is due. A classic script, the last of
 * those that `petri-study.js` is made of.
 */
(function () {
  "use strict";
  const { petri, dallinger } = window;
  if (petri.study?.current) return;
  const { study } = petri;
  const { text } = study;

  const OPEN_POLL_FACTOR = 5; // with an open socket, polling only makes up for lost notifications
  const RETRY_MS = 12000;
  const LEAST_POLL_S = 1;
  const DRAFT_MS = 2000; // between two drafts that are sent to the server
  const PREPARED_WITHIN_MS = 1000; // when time is up; the server accepts answers that are two seconds late
  const CHANNELS = "/static/scripts/petri-channels.js";
  const LIVE = "/static/scripts/petri-live.js";
  const BOOK = "/static/scripts/petri-book.js";
  const CLASS = "/static/scripts/petri-class.js";
  const WIDGETS = "/static/scripts/petri-study-widgets.js";
  const WIDGET_KINDS = ["order", "match", "categorise", "area", "code", "upload"];

  /** @returns {any} */
  const part = (id) => document.getElementById(id);
  const form = part("page-form");
  const button = part("next");
  const notice = part("notice");
  const studyTitle = document.title;

  let page = null; // the server's last response
  let draft = null;
  let isBusy = false; // an answer is being sent, or the next page is being prepared
  let isFirst = true;
  let shownAt = 0;
  let loadingSeconds = 0;
  const leaving = []; // called when the page is left, or shown again
  let leftPage = new AbortController(); // its signal ends the page's script
  let isMoving = false; // another page of a book is being opened: what was typed on this one stays in the browser
  let extra = {}; // answers from the page's own script

  /* ---- Requests ---------------------------------------------------------------------------------------------- */

  const loadedScripts = new Map();

  function loadScript(address) {
    if (!loadedScripts.has(address)) {
      loadedScripts.set(address, new Promise((done, fail) => {
        const script = document.createElement("script");
        script.src = address;
        script.onload = done;
        script.onerror = () => { loadedScripts.delete(address); fail(new Error(`${address} could not be loaded.`)); };
        document.head.append(script);
      }));
    }
    return loadedScripts.get(address);
  }

  let asking = null;

  /** Request the page that is due, and show it. */
  function refresh() {
    if (!asking && !isBusy) {
      asking = dallinger.get("/page");
      asking.done(show).fail((rejection) => failed(rejection, refresh)).always(() => { asking = null; });
    }
    return asking;
  }

  // The server accepts or replaces a late answer, so that another page is due shortly afterwards.
  const LATE_MS = 2500;

  // Temporary errors are retried for as long as the page is open; the participant's input stays.
  function failed(rejection, again) {
    if (rejection.isPassing) return retryLater(rejection, again);
    if (["participant_not_working", "not_working"].includes(rejection.errorCode)) {
      dallinger.leaveIfEnded().then((hasEnded) => hasEnded || dallinger.error(rejection));
      return undefined;
    }
    if (rejection.status === 404 && !hasEntered) return enter(); // the participant of an earlier run
    return dallinger.error(rejection);
  }

  let hasEntered = false;

  function enter() {
    hasEntered = true;
    return dallinger.createParticipant().done(refresh);
  }

  function retryLater({ errorText }, again) {
    say(`${errorText} ${text("Your answers are kept. Trying again …")}`);
    let retrying;
    const retry = () => {
      clearTimeout(retrying);
      removeEventListener("online", retry);
      say("");
      again();
    };
    retrying = setTimeout(retry, RETRY_MS);
    addEventListener("online", retry);
  }

  function say(words) {
    notice.textContent = words;
    notice.hidden = words === "";
  }

  /* ---- Showing --------------------------------------------------------------------------------------------- */

  /** Send the echo of a live session back at once: so the server measures how long a request is under way. */
  function sendEcho({ echo }) {
    if (echo) dallinger.post("/page/echo", { echo }).fail(({ errorText }) => console.warn(errorText));
  }

  const isWait = (each) => each.kind === "wait" || each.poll_seconds > 0;
  const isLive = (each) => each.kind === "live" || each.kind === "chat" || (each.kind === "wait" && Boolean(each.script));
  const heedsRings = (each) => isWait(each) || isLive(each) || "paused" in each;

  async function show(answer) {
    sendEcho(answer);
    const isSame = page && answer.serial === page.serial && Boolean(answer.closed) === Boolean(page.closed);
    if (isSame && !answer.exit) return showAgain(answer);
    isMoving ||= Boolean(answer.closed); // the page may be shown again: what was typed is kept
    const arrived = performance.now();
    isBusy = true; // the old page stays while media are loaded, but can't be sent again
    endPage();
    if (answer.exit && !String(answer.html || "").trim()) return leave(answer.exit);
    const scripts = Promise.all([study.speak(answer.language), loadWhatIsNeeded(answer)]);
    const [seconds] = await Promise.all([study.preload(answer.preload), study.inTime(scripts)]);
    loadingSeconds = seconds;
    page = answer;
    render();
    setFree();
    say(answer.stale ? text("The previous page was already answered, or its time was up. This is the next page.") : "");
    startClocks(arrived);
    study.events.begin(page);
    shownAt = performance.now();
    document.dispatchEvent(new CustomEvent("petri:page", { detail: page }));
    runScript();
    heedRing();
    return undefined;
  }

  // The same page again: the participant's input and the focus stay.
  function showAgain(answer) {
    if (isWait(answer)) {
      // What a script shows stays, and gets the new data.
      if (answer.script) document.dispatchEvent(new CustomEvent("petri:snapshot", { detail: answer.data }));
      else if (answer.html !== page.html) content().innerHTML = answer.html;
      showProgress(answer.progress);
    }
    page = { ...page, ...answer };
    showArrived();
    setFree();
    leaving.splice(0).forEach((end) => end());
    startClocks(performance.now());
    heedRing();
  }

  function loadWhatIsNeeded(answer) {
    const kinds = Object.values(answer.items || {}).map(({ kind }) => kind);
    const needed = [];
    if (WIDGET_KINDS.some((kind) => kinds.includes(kind) || String(answer.html).includes(`data-kind="${kind}"`))) needed.push(WIDGETS);
    if (answer.doorbell || isLive(answer)) needed.push(CHANNELS);
    if (isLive(answer)) needed.push(LIVE);
    if (answer.book) needed.push(BOOK);
    if (answer.own_class) needed.push(CLASS);
    return Promise.all(needed.map((address) => loadScript(address).catch((error) => console.error(error.message))));
  }

  const content = () => part("page-content");

  function render() {
    const fresh = document.createElement("div");
    fresh.id = "page-content";
    fresh.innerHTML = page.html || "";
    content().replaceWith(fresh);
    part("problems").hidden = true;
    part("loading").hidden = true;
    form.hidden = false;
    form.dataset.kind = page.kind || "page";
    form.dataset.page = page.page || "";
    document.documentElement.lang = page.language || "en";
    document.documentElement.dir = page.direction || "ltr";
    study.translate(document);
    showArrived();
    showButton();
    showProgress(page.progress);
    study.enhance(fresh, page);
    study.showLocalTimes(fresh, page.language);
    restoreDraft(fresh);
    const heading = headingOf(fresh);
    document.title = [page.title || heading.textContent, studyTitle].filter((each, index, all) => each && all.indexOf(each) === index).join(" – ");
    dallinger.preventExit = !page.exit;
    if (page.exit && part("withdraw-link")) part("withdraw-link").hidden = true; // the participant's part is over
    goToTop(heading);
  }

  // Each page has a heading, for participants who navigate by headings; without one of the author's, it is visually hidden.
  function headingOf(root) {
    const own = root.querySelector("h1");
    const heading = own || document.createElement("h1");
    if (!own) {
      heading.className = "sr-only";
      heading.textContent = page.title || studyTitle;
      root.prepend(heading);
    }
    heading.tabIndex = -1;
    return heading;
  }

  function goToTop(heading) {
    if (!isFirst) {
      scrollTo(0, 0);
      heading.focus({ preventScroll: true });
      if (document.hidden) tellInTheTab();
    }
    isFirst = false;
  }

  // A participant who waits looks at other tabs in the meantime.
  function tellInTheTab() {
    const { title } = document;
    document.title = `● ${title}`;
    document.addEventListener("visibilitychange", () => { document.title = title; }, { once: true });
  }

  // How many people have come to a page that waits for a group; announced only when it has changed.
  function showArrived() {
    const place = content().querySelector("[data-arrived]");
    if (place && page.arrived && place.textContent !== page.arrived) place.textContent = page.arrived;
  }

  function showButton() {
    const isShown = page.exit || (!isWait(page) && page.button !== null && page.button !== "");
    button.textContent = page.button || text(page.exit ? "Finish" : "Next");
    button.closest(".btn-row").hidden = !isShown;
  }

  function showProgress(share) {
    const progress = part("progress");
    progress.hidden = share === null || share === undefined;
    progress.value = share || 0;
    progress.setAttribute("aria-label", text("Progress"));
  }

  function restoreDraft(root) {
    if (page.closed) return; // the draft is that of the page that may be shown again
    draft = petri.draft(page.book ? `book:${page.path}` : `page:${page.serial}`);
    if (Array.isArray(page.draft) && draft.value === undefined) draft.keep(page.draft);
    const elements = [...root.querySelectorAll("input, select, textarea")];
    draft.followForm(/** @type {any} */ ({ elements, addEventListener: root.addEventListener.bind(root) }));
    for (const item of root.querySelectorAll("[data-item]")) item.dispatchEvent(new CustomEvent("petri:restored"));
    if (page.keep_draft) keepOnServer(root);
  }

  // Another device shows what was typed here. A draft that isn't kept is sent with the next change.
  function keepOnServer(root) {
    const { serial } = page;
    let waiting;
    const keep = () => {
      waiting = undefined;
      if (page.serial !== serial || isBusy || !draft) return;
      dallinger.post("/page/draft", { serial, answers: answers(), fields: draft.value ?? [] }).fail(({ errorText }) => console.warn(errorText));
    };
    const later = () => { if (!waiting) waiting = setTimeout(keep, DRAFT_MS); };
    root.addEventListener("input", later);
    root.addEventListener("change", later);
  }

  // While a group waits for a member who is away, its clocks stand still; the server says when they go on.
  function showPause() {
    const pause = part("pause");
    pause.textContent = page.paused || "";
    pause.hidden = !page.paused;
  }

  function startClocks(arrived) {
    showPause();
    if (Number.isFinite(page.seconds_left) && !page.paused) {
      const deadline = arrived + (Math.max(0, page.seconds_left) + loadingSeconds) * 1000;
      leaving.push(study.countdown(deadline, timeIsUp));
    }
    if (page.min_seconds > 0 && !shownAgainAfter(page.min_seconds)) leaving.push(study.holdBack(button, page.min_seconds));
    if (isWait(page) || page.paused) leaving.push(waitForNext());
    if (page.opens_in > 0) leaving.push(lookWhenOpen(page.opens_in));
  }

  const shownAgainAfter = (seconds) => shownAt > 0 && performance.now() - shownAt > seconds * 1000;

  function runScript() {
    if (!page.script) return;
    leftPage = new AbortController();
    const { signal } = leftPage;
    const argument = { page, data: page.data, element: content(), signal, answer, submit: () => submit() };
    import(new URL(page.script, location.origin).href)
      .then((module) => signal.aborted || module.default?.(argument))
      .catch((error) => {
        petri.log("error", error.message, page.script);
        console.error(error);
      });
  }

  function endPage() {
    leaving.splice(0).forEach((end) => end());
    leftPage.abort();
    if (draft && !isMoving) draft.clear();
    isMoving = false;
    draft = null;
    extra = {};
    shownAt = 0;
  }

  function leave(exit) {
    window.petri.finished?.(); // its closing socket isn't a dropout
    dallinger.allowExit();
    dallinger.goToPage(exit);
  }

  /* ---- Waiting --------------------------------------------------------------------------------------------- */

  const SOCKET = "quorum"; // each socket of a participant has this channel; notifications arrive on the same socket

  /** Request the page after each notification, or every few seconds; returns a function that stops it. */
  function waitForNext() {
    const seconds = Math.max(LEAST_POLL_S, Number(page.poll_seconds) || 2);
    const socket = page.doorbell && window.petri.channel ? window.petri.channel(SOCKET) : null;
    let isWaiting = true;
    let polling;
    const next = () => {
      const factor = socket?.state === "open" ? OPEN_POLL_FACTOR : 1;
      polling = setTimeout(look, seconds * 1000 * factor);
    };
    const look = () => {
      clearTimeout(polling);
      if (isWaiting && !refresh()) next();
    };
    lookOnceOpen(socket);
    const lookIfVisible = () => document.hidden || look();
    document.addEventListener("visibilitychange", lookIfVisible);
    next();
    return () => {
      isWaiting = false;
      clearTimeout(polling);
      document.removeEventListener("visibilitychange", lookIfVisible);
    };
  }

  const LONGEST_SLEEP_S = 3600; // browsers' timers stop while a computer sleeps, and can't be set for weeks

  /** Ask again when the next session opens; returns a function that stops it. */
  function lookWhenOpen(seconds) {
    const looking = setTimeout(refresh, Math.min(seconds + 0.5, LONGEST_SLEEP_S) * 1000);
    const seen = () => document.hidden || refresh();
    document.addEventListener("visibilitychange", seen);
    return () => {
      clearTimeout(looking);
      document.removeEventListener("visibilitychange", seen);
    };
  }

  let hasSocket = false;

  // A notification may have been sent before the socket was open.
  function lookOnceOpen(socket) {
    if (!socket || hasSocket) return;
    hasSocket = true;
    socket.on("open", ring);
  }

  let isNotified = false; // notified during a request, whose response may be older

  function ring() {
    if (isBusy || asking) isNotified = true;
    else if (page && heedsRings(page)) refresh();
  }

  function heedRing() {
    if (!isNotified) return;
    isNotified = false;
    if (heedsRings(page)) setTimeout(refresh);
  }

  /* ---- Answering ------------------------------------------------------------------------------------------- */

  /** Set an answer from a page's own script: `answer("choice", "left")`, or an object of several. */
  function answer(name, value) {
    Object.assign(extra, typeof name === "string" ? { [name]: value } : name);
  }

  function answers() {
    return { ...study.readAll(content()), ...extra };
  }

  function submit(event) {
    event?.preventDefault();
    if (!page || isBusy || page.kind === "wait") return;
    if (page.exit) {
      leave(page.exit);
      return;
    }
    if (button.dataset.heldUntil) {
      part("announcer").textContent = button.textContent;
      return;
    }
    checkAndSend();
  }

  async function checkAndSend() {
    const { serial } = page;
    await prepared();
    if (isBusy || page.serial !== serial) return; // time is up, or the button was pressed twice
    const pageAnswers = answers();
    const problems = study.problems(page.items, pageAnswers);
    if (Object.keys(problems).length) showProblems(problems);
    else send({ answers: pageAnswers });
  }

  // An item may act before it is read, such as running the participant's code.
  function prepared() {
    const items = /** @type {HTMLElement[]} */ ([...content().querySelectorAll("[data-item]")]);
    const waiting = items.map((item) => study.preparers[item.dataset.kind]?.(item)).filter(Boolean);
    return waiting.length ? Promise.all(waiting).catch((error) => petri.log("error", String(error))) : null;
  }

  async function timeIsUp() {
    if (isBusy) return;
    if (isWait(page)) {
      refresh();
      return;
    }
    const { serial } = page;
    await Promise.race([prepared(), new Promise((done) => setTimeout(done, PREPARED_WITHIN_MS))]);
    if (!isBusy && page.serial === serial) send({ answers: answers(), timeout: true });
  }

  function send(body) {
    const { serial } = page;
    const seconds = Number(((performance.now() - shownAt) / 1000).toFixed(3));
    const timings = { seconds, loading: Number(loadingSeconds.toFixed(3)) };
    isBusy = true;
    freeze();
    post({ serial, ...body, timings, events: study.events.collected() });
  }

  const NOT_OPENED = new Set(["page_not_found", "test_running", "not_in_book", "book_stays_open"]);

  /** Go to another page by a route of its own, as in a book, without answering this one. */
  function move(route, fields) {
    if (!page || isBusy) return;
    isBusy = true;
    isMoving = true;
    freeze();
    post({ serial: page.serial, ...fields, events: study.events.collected() }, route);
  }

  function post(body, route = "/page") {
    dallinger.post(route, body).done((next) => {
      study.events.sent();
      show(next);
    }).fail((rejection) => {
      if (rejection.isPassing) return retryLater(rejection, () => post(body, route));
      setFree();
      isMoving = false;
      if (NOT_OPENED.has(rejection.errorCode)) {
        say(rejection.errorText);
        return refresh();
      }
      if (rejection.status === 422 && body.timeout) setTimeout(refresh, LATE_MS);
      else if (rejection.status === 422) showProblems(rejection.answer?.items || {}, rejection.errorText);
      else failed(rejection, refresh);
      return undefined;
    });
  }

  function freeze() {
    button.setAttribute("aria-disabled", "true");
    part("sending").textContent = text("Sending …");
  }

  function setFree() {
    isBusy = false;
    if (!button.dataset.heldUntil) button.removeAttribute("aria-disabled");
    part("sending").textContent = "";
  }

  /* ---- Problems of answers ------------------------------------------------------------------------ */

  function showProblems(problems, otherwise = "") {
    clearProblems();
    const marked = Object.entries(problems).map(([name, words]) => mark(name, words)).filter(Boolean);
    const box = part("problems");
    box.textContent = summary(marked.length, Object.values(problems), otherwise);
    box.hidden = false;
    (marked[0] || box).focus();
    marked[0]?.closest("[data-item]").scrollIntoView({ block: "center" });
  }

  function summary(count, words, otherwise) {
    if (count === 0) return words[0] || otherwise;
    return count === 1 ? text("Please check the answer that is marked.") : text("Please check the {n} answers that are marked.", { n: count });
  }

  const itemOf = (name) => content().querySelector(`[data-item="${CSS.escape(name)}"]`);

  /** Show a problem beside its item, and return the control that gets the focus. */
  function mark(name, words) {
    const item = itemOf(name);
    if (!item) return null;
    const line = part(`item-${name}-error`) || item.appendChild(errorLine(name));
    line.textContent = words;
    line.hidden = false;
    item.classList.add("has-error");
    const controls = [...item.querySelectorAll("input, select, textarea, [role=slider], button")].filter(({ hidden, type }) => !hidden && type !== "hidden");
    for (const control of controls) {
      control.setAttribute("aria-invalid", "true");
      describe(control, line.id);
    }
    return controls.find(({ checked }) => checked) || controls[0] || focusable(line);
  }

  function focusable(line) {
    line.tabIndex = -1;
    return line;
  }

  function errorLine(name) {
    const line = document.createElement("p");
    line.className = "item-error";
    line.id = `item-${name}-error`;
    return line;
  }

  function describe(control, id) {
    const ids = (control.getAttribute("aria-describedby") || "").split(/\s+/).filter(Boolean);
    if (!ids.includes(id)) control.setAttribute("aria-describedby", [...ids, id].join(" "));
  }

  function unmark(item) {
    item.classList.remove("has-error");
    for (const line of item.querySelectorAll(".item-error")) line.hidden = true;
    for (const control of item.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
  }

  function clearProblems() {
    part("problems").hidden = true;
    part("problems").textContent = "";
    for (const item of content().querySelectorAll(".has-error")) unmark(item);
  }

  // A mark disappears as soon as its item is changed; the answer is checked again when it is sent.
  function noteChange({ target }) {
    const item = target.closest("[data-item].has-error");
    if (!item) return;
    unmark(item);
    if (!content().querySelector(".has-error")) clearProblems();
  }

  /* ---- Begin ----------------------------------------------------------------------------------------------- */

  form.addEventListener("submit", submit);
  form.addEventListener("input", noteChange);
  form.addEventListener("change", noteChange);
  // Restored from the browser's back/forward cache: another page may be due now.
  // The clock of a timed assignment that may be paused stands still while its page is closed.
  addEventListener("pagehide", () => {
    if (page?.leaves) dallinger.postAndLeave("/page/leave", { serial: page.serial, leaves: page.leaves });
  });
  addEventListener("pageshow", ({ persisted }) => persisted && refresh());
  document.addEventListener("petri:doorbell", ring);
  // When the group ends or the waiting room closes, a page about it is due.
  dallinger.sayGoodbye = () => { refresh(); };
  window.petri = { ...window.petri, study: { ...study, refresh, answer, move, loadScript, submit: () => submit(), get current() { return page; } } };

  // Text of the shell that is shown before the language of the first page is known.
  study.speak(document.documentElement.lang).then(() => study.translate(document));
  if (dallinger.identity.participantId) refresh();
  else enter();
})();
