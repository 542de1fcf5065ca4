/**
 * The `dallinger` object: an experiment's pages use it to call the experiment.
 *
 * A classic script that defines `window.dallinger` immediately. It needs jQuery (for its Deferred objects) and `store`,
 * both of which the base layout includes. Every method that sends a request returns a jQuery promise (done, fail, then);
 * `fail` gets an AjaxRejection. Each request automatically has the participant's token and a request id. Lost requests
 * are retried with the same request id, so they are idempotent. One file, because pages include it by its name.
 */
(function () {
  "use strict";
  if (window.dallinger) return;

  const MOST_TRIES = 8; // with the backoff below: three quarters of a minute without a response
  const FIRST_PAUSE_MS = 500;
  const LONGEST_PAUSE_MS = 12000;
  const ANSWER_WITHIN_MS = 60000; // long enough for 300 KB over a slow connection
  const MOST_THROTTLED = 40; // the same for a server that throttles requests: about seven minutes
  const LONGEST_RETRY_AFTER_S = 120;
  const TOO_MANY = 429;
  const PASSING = new Set([0, TOO_MANY, 502, 503, 504]);
  const OPEN_TO_ALL = new Set(["/may-take-part", "/participant", "/load-participant"]);
  // The names of each field in addresses; pages after the ad get the first one.
  const NAMES = {
    recruiter: ["recruiter"],
    hitId: ["hit_id", "hitId", "STUDY_ID"],
    assignmentId: ["assignment_id", "assignmentId", "SESSION_ID"],
    workerId: ["worker_id", "workerId", "PROLIFIC_PID"],
    mode: ["mode"],
  };
  const CONSENT = { time: "consent_time", hash: "consent_hash", bots: "consent_bots" };
  const ABOUT_THE_PAGE = ["participant_id", "generate_tokens", "outcome", "problem", ...Object.values(CONSENT)];
  /** @type {Dallinger} */
  const dlgr = /** @type {any} */ ({ preventExit: false, skip_experiment: false });
  window.dallinger = dlgr;

  /* ---- Storage --------------------------------------------------------------------------------------------- */

  const kept = window.store;

  /** Values stored in this browser; `available` tells whether they outlast the page. */
  dlgr.storage = {
    available: Boolean(kept?.enabled),
    get: (key) => kept.get(key),
    set: (key, value) => kept.set(key, value),
    all: () => kept.getAll(),
  };

  // One record for each assignment: two windows with different participants must not share one.
  function record(changes) {
    const key = `petri:${dlgr.identity.uniqueId}`;
    if (changes) kept.set(key, { ...kept.get(key), ...changes });
    return kept.get(key) || {};
  }

  function tabIdentity(ids) {
    try {
      if (ids) sessionStorage.setItem("petri:identity", JSON.stringify(ids));
      return JSON.parse(sessionStorage.getItem("petri:identity")) || {};
    } catch {
      return {}; // storage is blocked: only the address identifies the participant
    }
  }

  /* ---- Identity -------------------------------------------------------------------------------------------- */

  /** A parameter of the page's address: its text, true if it has no value, null if it is absent. */
  dlgr.getUrlParameter = function (name) {
    const value = new URLSearchParams(location.search).get(name);
    const isBare = value === "" && location.search.slice(1).split("&").includes(encodeURIComponent(name));
    return isBare ? true : value;
  };

  function firstValue(names, look) {
    return names.map(look).find((value) => value && value !== true && value !== "undefined") || null;
  }

  // The identity comes from the address as a whole: mixed with an earlier visitor's values, it would join two people.
  function knownIds() {
    const read = (look) => Object.fromEntries(Object.entries(NAMES).map(([field, names]) => [field, firstValue(names, look)]));
    const address = read(dlgr.getUrlParameter);
    if (address.assignmentId || address.workerId) return address;
    const tab = tabIdentity();
    if (tab.assignmentId) return tab;
    const browser = read(dlgr.storage.get);
    return browser.assignmentId ? browser : address;
  }

  function putGeneratedIdsIntoTheAddress() {
    const wanted = dlgr.getUrlParameter("generate_tokens");
    if (!wanted || wanted === "0") return;
    const query = new URLSearchParams(location.search);
    for (const field of ["hitId", "assignmentId", "workerId"]) {
      if (!firstValue(NAMES[field], (name) => query.get(name))) query.set(field, newId());
    }
    query.delete("generate_tokens");
    history.replaceState(history.state, "", `${location.pathname}?${query}`);
  }

  // Doesn't identify a person: it lets a researcher see that two assignments came from the same kind of machine.
  function fingerprint() {
    const traits = [navigator.userAgent, navigator.language, screen.width, screen.height, screen.colorDepth,
      new Date().getTimezoneOffset(), navigator.hardwareConcurrency].join("|");
    let hashes = [0xdeadbeef, 0x41c6ce57];
    for (const char of traits) {
      hashes = [2654435761, 1597334677].map((factor, index) => Math.imul(hashes[index] ^ char.codePointAt(0), factor));
    }
    return hashes.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** The participant's identity as far as this page knows it: the recruiter's ids, the participant's id, other parameters. */
  dlgr.identity = {
    participantId: undefined,
    get uniqueId() {
      return `${this.workerId || ""}:${this.assignmentId || ""}`;
    },
    /** Read it again: from the address first, then from this tab's storage, then from this browser's. */
    initialize() {
      putGeneratedIdsIntoTheAddress();
      const query = [...new URLSearchParams(location.search)];
      const named = new Set([...ABOUT_THE_PAGE, ...Object.values(NAMES).flat()]);
      Object.assign(this, knownIds());
      this.mode = this.mode || document.documentElement.dataset.mode || null;
      this.fingerprintHash = fingerprint();
      this.entryInformation = Object.fromEntries(query.filter(([name]) => !named.has(name)));
      this.participantId = record().participantId || firstValue(["participant_id"], dlgr.getUrlParameter) || undefined;
      keepIdentity();
    },
  };

  function keepIdentity() {
    const ids = Object.keys(NAMES).map((field) => [field, dlgr.identity[field]]);
    if (dlgr.identity.assignmentId) tabIdentity(Object.fromEntries(ids));
  }

  /**
   * Store when the participant agreed, and the hash of the text that was shown, for `createParticipant`; `bots`: whether a
   * bot may continue for them.
   */
  dlgr.recordConsent = function (time, hash, { bots = false } = {}) {
    record({ consent: { time, hash, bots } });
  };

  // Where storage is blocked, the address carries the consent to the page that creates the participant.
  function consentGiven() {
    const { consent } = record();
    if (consent) return consent;
    const [time, hash, bots] = Object.values(CONSENT).map((name) => firstValue([name], dlgr.getUrlParameter));
    return { time, hash, bots: Boolean(bots) };
  }

  function remember(answer) {
    const { id, creation_time: created, worker_id: workerId } = answer.participant;
    dlgr.identity.workerId = dlgr.identity.workerId || workerId;
    dlgr.identity.participantId = id;
    keepIdentity();
    const earlier = record();
    // After the participant has used another device, this browser's record of their steps may be out of date.
    const { token = earlier.token, session } = answer;
    const isSame = earlier.participantId === undefined
      || (earlier.participantId === id && earlier.created === created && earlier.session === session);
    record({ participantId: id, created, token, session, steps: isSame ? earlier.steps : {} });
    identified.resolve();
  }

  /* ---- Requests -------------------------------------------------------------------------------------------- */

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16)); // crypto.randomUUID is missing on plain http
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }

  /** A refused or lost request: route, method, status (0: no response), data (as sent), html, errorCode. */
  class AjaxRejection extends Error {
    /** @param {any} request */
    constructor(request = {}, status = request.status ?? request.error?.status ?? 0, answer = answerIn(request)) {
      super(answer.error_text || translated("The study could not be reached. Please check your connection."));
      this.name = "AjaxRejection";
      Object.assign(this, { route: request.route, method: request.method, data: request.data, status });
      this.isPassing = isPassing(status, answer);
      this.errorCode = answer.error_code || (status ? "unknown" : "no_answer");
      this.errorType = answer.error_type || "";
      this.errorText = this.message;
      this.answer = answer;
      this.html = answer.html || $("<div class='main_div' role='alert'>").text(this.message).prop("outerHTML");
    }
  }
  dlgr.AjaxRejection = callable(AjaxRejection);

  // A page that creates a rejection itself passes one object, or jQuery's request as `error`.
  function answerIn({ html, errorCode, errorType, errorText, error }) {
    const given = { html, error_code: errorCode, error_type: errorType, error_text: errorText };
    const known = Object.entries(given).filter(([, value]) => value);
    return { ...(error?.responseJSON || parsed(error?.responseText)), ...Object.fromEntries(known) };
  }

  // Older pages call these classes without `new`.
  function callable(cls) {
    return new Proxy(cls, { apply: (made, _, values) => new made(...values) });
  }

  // Transient: no response, too many requests, or a gateway that responds in place of the study.
  function isPassing(status, answer) {
    return PASSING.has(status) || (status >= 500 && !answer.error_code);
  }

  // The server is reachable, but throttles requests.
  function isThrottled(status, answer) {
    return status === TOO_MANY || (status === 503 && answer.error_code === "busy");
  }

  // Retry-After is a number of seconds or a date; 0 where there is neither.
  function secondsIn(retryAfter) {
    const text = retryAfter || "";
    const seconds = /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
    return Math.min(LONGEST_RETRY_AFTER_S, Math.max(0, seconds || 0));
  }

  function formEncoded(data) {
    if (typeof data === "string") return new URLSearchParams(data);
    const form = new URLSearchParams();
    for (const [name, value] of Object.entries(data || {})) {
      if (value === undefined) continue;
      form.append(name, value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));
    }
    return form;
  }

  /** The headers that a page's own request needs: the participant's token, for addresses of this experiment only. */
  dlgr.headersFor = function (address) {
    const { token } = record();
    const isOurs = new URL(address, location.href).origin === location.origin;
    return token && isOurs ? { Authorization: `Bearer ${token}` } : {};
  };

  // Requests that pages send with jQuery itself get the token, too; a slim jQuery can't send any.
  $.ajaxPrefilter?.((options) => { options.headers = { ...dlgr.headersFor(options.url), ...options.headers }; });

  /** @returns {[URL, RequestInit]} */
  function asFetched({ method, route, data, requestId }) {
    const address = new URL(route, `${location.origin}/`);
    const form = formEncoded(data);
    const headers = { Accept: "application/json", "X-Request-Id": requestId, ...dlgr.headersFor(address) };
    if (method === "GET") form.forEach((value, name) => address.searchParams.append(name, value));
    return [address, { method, headers, body: method === "GET" ? undefined : form, cache: "no-store" }];
  }

  async function askOnce(request) {
    const [address, options] = asFetched(request);
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), ANSWER_WITHIN_MS);
    try {
      const response = await fetch(address, { ...options, signal: patience.signal });
      const answer = parsed(await response.text());
      const after = secondsIn(response.headers.get("Retry-After"));
      return { ...outcome(response, request, answer), answer, after };
    } catch {
      return { status: 0, ok: false, answer: {}, after: 0 };
    } finally {
      clearTimeout(timer);
    }
  }

  // `no_network` and `network_busy` belong to a normal run. Clients that allow it get them with status 200, because a browser
  // reports every 4xx and 5xx as an error in its console; pages still get rejections.
  function outcome({ status, ok }, { data }, { node, error_code: code }) {
    if (!ok || !data?.allow_none || node !== null) return { status, ok };
    return { status: code === "network_busy" ? 503 : 403, ok: false };
  }

  function parsed(text) {
    try {
      return JSON.parse(text) || {};
    } catch {
      return {};
    }
  }

  // petri.js shows the participant `dallinger.waiting`, of kind "person" (the participant ahead is still working), "crowd" or "line",
  // and welcomes participants back when `hasResumed` is true.
  const waits = new Map();
  dlgr.waiting = null;
  dlgr.hasResumed = false;

  function showWaiting(request, kind) {
    if (kind) waits.set(request, waits.get(request)?.kind === kind ? waits.get(request) : { kind, since: Date.now() });
    else waits.delete(request);
    dlgr.waiting = [...waits.values()][0] || null;
    document.dispatchEvent(new CustomEvent("petri:waiting"));
  }

  // Exponential backoff with jitter, but never before Retry-After; `random` returns numbers from 0 to 1.
  function backoffMs(failures, retryAfterSeconds, random = Math.random) {
    const growing = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, failures - 1));
    const jittered = growing * (0.5 + random() / 2);
    return Math.max(jittered, retryAfterSeconds * 1000 * (1 + random() / 4));
  }

  const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  let hasBeenHeard = false; // whether this page's token was once accepted

  /** Whether a request that was refused for its token (401) can be sent again. */
  async function canAskAgain({ route }, { error_code: code }) {
    if (OPEN_TO_ALL.has(route)) {
      const hadToken = Boolean(record().token);
      record({ token: undefined }); // of an earlier run; the ids still identify the participant
      return hadToken;
    }
    if (code === "token_ended" && hasBeenHeard) {
      showTakenOver();
      return new Promise(() => undefined); // the participant has moved to another page: this one stops
    }
    if (await reenter()) return true;
    if (route !== "/handle-error") return false;
    record({ token: undefined }); // the error report is accepted without a token, too
    return true;
  }

  let entering = null;

  /** Find the participant by the ids in the address; resolves to whether there is a new token. */
  function reenter() {
    const { assignmentId, workerId, entryInformation } = dlgr.identity;
    if (!assignmentId || !workerId) return Promise.resolve(false);
    const data = { assignment_id: assignmentId, worker_id: workerId, entry: entryInformation.entry };
    entering = entering || ask({ method: "POST", route: "/load-participant", data, requestId: newId() })
      .then((answer) => {
        const isElsewhere = dlgr.hasResumed && record().session !== answer.session;
        remember(answer);
        if (isElsewhere) reload(); // another device has continued from the step to which this page returned
        return true;
      }, () => false)
      .finally(() => { entering = null; });
    return entering;
  }

  function reload() {
    dlgr.allowExit();
    location.reload();
  }

  function showTakenOver() {
    if (document.getElementById("taken-over")) return;
    dlgr.allowExit();
    const button = $("<button type='button' class='btn btn-primary btn-lg' id='go-on-here'>").text(translated("Continue here instead"));
    button.on("click", () => {
      record({ token: undefined });
      reload();
    });
    const box = ours("<div class='main_div' id='taken-over' role='alert' tabindex='-1' data-free-to-leave>");
    box.append($("<h1>").text(translated("The study is open somewhere else")));
    box.append($("<p>").text(translated("You opened it in another browser or on another device. Please continue there. Nothing is lost.")));
    mainPart().empty().append(box.append($("<div class='btn-row'>").append(button)));
    box.trigger("focus");
  }

  // Petri's own texts are English, whatever the language of the study. The page of a study has their translations.
  const translated = (text) => window.petri?.study?.text?.(text) ?? text;
  const ours = (markup) => $(markup).attr("lang", window.petri?.study ? document.documentElement.lang : "en");
  const mainPart = () => ($("#main").length ? $("#main") : $("body"));

  async function ask(request) {
    let hasReentered = false;
    if (!record().token && !OPEN_TO_ALL.has(request.route) && dlgr.identity.participantId) {
      hasReentered = true;
      await reenter();
    }
    for (let lost = 0, throttled = 0; ;) {
      const { token } = record();
      const { status, ok, answer, after } = await askOnce(request);
      const isBusy = status === 503 && answer.error_code === "network_busy";
      if (status === 401) {
        if (token && token !== record().token) continue; // entered again while this request was in flight
        if (!hasReentered && await canAskAgain(request, answer)) {
          hasReentered = !OPEN_TO_ALL.has(request.route);
          continue;
        }
      } else if (status && token) {
        hasBeenHeard = true;
      }
      const isCrowded = isThrottled(status, answer);
      const mayPass = !ok && isPassing(status, answer);
      if (isCrowded) throttled += 1;
      else if (mayPass && !isBusy) lost += 1;
      if (!mayPass || lost >= MOST_TRIES || throttled >= MOST_THROTTLED) {
        if (waits.has(request)) showWaiting(request, null);
        if (ok) return answer;
        throw new AjaxRejection(request, status, answer);
      }
      if (isBusy) showWaiting(request, "person");
      else if (lost + throttled > 1) showWaiting(request, isCrowded ? "crowd" : "line");
      await sleep(backoffMs(lost + throttled, after));
    }
  }

  function send(method, route, data, requestId = newId()) {
    const deferred = $.Deferred();
    ask({ method, route, data, requestId }).then(deferred.resolve, deferred.reject);
    return deferred.promise();
  }

  /** GET a route of the experiment with the data as query. */
  dlgr.get = (route, data) => send("GET", route, data);

  /** POST the data, form-encoded, to a route of the experiment; objects in it are serialized as JSON. */
  dlgr.post = (route, data) => send("POST", route, data);

  /** POST while the page is being left; the response is ignored. */
  dlgr.postAndLeave = function (route, data) {
    const [address, options] = asFetched({ method: "POST", route, data, requestId: newId() });
    fetch(address, { ...options, keepalive: true }).catch(() => undefined);
  };

  // Long lists are paginated; this gets all pages and joins them.
  function listed(route, name, data) {
    const further = (whole) => dlgr.get(route, { ...data, offset: whole.next_offset }).then((page) => {
      const { next_offset: end, ...joined } = { ...page, [name]: [...whole[name], ...page[name]] };
      return end ? further({ ...joined, next_offset: end }) : joined;
    });
    return dlgr.get(route, data).then((page) => (page.next_offset ? further(page) : page));
  }

  dlgr.getExperimentProperty = (name) => dlgr.get(`/experiment/${name}`);
  dlgr.getInfo = (nodeId, infoId) => dlgr.get(`/info/${nodeId}/${infoId}`);
  dlgr.getInfos = (nodeId) => listed(`/node/${nodeId}/infos`, "infos");
  dlgr.getReceivedInfos = (nodeId) => listed(`/node/${nodeId}/received_infos`, "infos");
  dlgr.getTransmissions = (nodeId, data) => listed(`/node/${nodeId}/transmissions`, "transmissions", data);

  /* ---- Taking part ----------------------------------------------------------------------------------------- */

  function showRefusal(rejection) {
    dlgr.allowExit();
    if (["repeat_worker", "assignment_taken"].includes(rejection.errorCode)) {
      dlgr.leaveIfEnded().then((hasEnded) => hasEnded || tellRefusal(rejection));
    } else tellRefusal(rejection);
  }

  const INCOMPLETE = "This page was opened without your personal link. Please open the study again from the page where you found it.";

  function tellRefusal({ errorCode, errorText }) {
    const text = ["id_missing", "id_undefined"].includes(errorCode) ? INCOMPLETE : errorText;
    mainPart().empty().append(refusalBox(text));
  }

  function refusalBox(text) {
    const box = ours("<div class='main_div' role='alert' data-free-to-leave>");
    return box.append($("<h1>").text(translated("You cannot continue")), $("<p>").text(translated(text)));
  }

  /** Show above the page that it was opened without the ids that it needs. */
  dlgr.tellIncomplete = function () {
    mainPart().prepend(refusalBox(INCOMPLETE));
    $("#withdraw-link").hide();
  };

  /** Find the participant by the ids in the address; resolves to whether they are known. */
  dlgr.enterAgain = () => reenter();

  /** Go to the last page if the participant has finished already; resolves to whether they have. */
  dlgr.leaveIfEnded = async function () {
    const { participantId } = dlgr.identity;
    if (!participantId && !(await reenter())) return false;
    const known = await ask({ method: "GET", route: `/recruiter-exit/${dlgr.identity.participantId}`, requestId: newId() }).catch(() => ({}));
    if (!known.ended) return false;
    dlgr.allowExit();
    location.replace(dlgr.addressOf("recruiter-exit"));
    return true;
  };

  // A page that doesn't handle failures would leave the participant with dead buttons.
  function shownUnlessHandled(promise) {
    let isHandled = false;
    promise.fail((rejection) => setTimeout(() => isHandled || showRefusal(rejection)));
    for (const name of ["fail", "catch", "then"]) {
      const original = promise[name];
      promise[name] = function (...callbacks) {
        isHandled = isHandled || name !== "then" || Boolean(callbacks[1]);
        return original.apply(this, callbacks);
      };
    }
    return promise;
  }

  function enter(route, data) {
    return dlgr.post(route, data).then((answer) => {
      remember(answer);
      return answer;
    });
  }

  function arrive() {
    const { recruiter, hitId, assignmentId, workerId, mode, fingerprintHash, entryInformation } = dlgr.identity;
    const consent = consentGiven();
    const data = {
      recruiter, hitId, assignmentId, workerId, mode,
      fingerprint_hash: fingerprintHash, consent_time: consent.time, consent_hash: consent.hash, consent_bots: consent.bots && "True",
    };
    const known = Object.entries(data).filter(([, value]) => value);
    return enter("/participant", { ...entryInformation, ...Object.fromEntries(known) });
  }

  let arriving = null;

  /**
   * Create the participant, or find them again after a reload. With a quorum it resolves when the room is full; if it is
   * full without them, `dallinger.skip_experiment` is true.
   */
  dlgr.createParticipant = function () {
    if (arriving) return arriving;
    const held = $(".btn-success").filter(":not(:disabled)").prop("disabled", true);
    const arrival = arrive().then((answer) => {
      if (!answer.quorum) return answer;
      const room = beforeOpening(answer.quorum);
      if (!room.released && isDecided(room)) return answer;
      const waiting = dlgr.waitForQuorum();
      heed(room);
      return waiting.then(() => answer);
    });
    arriving = shownUnlessHandled(arrival);
    arrival.done(() => held.prop("disabled", false)).always(() => { arriving = null; });
    return arriving;
  };

  /** Find a participant by their assignment. */
  dlgr.loadParticipant = function (assignmentId) {
    const { workerId, entryInformation } = dlgr.identity;
    dlgr.identity.assignmentId = assignmentId;
    // With signed links, participants resume by their link, not by ids alone.
    const entry = entryInformation?.entry;
    const signed = entry ? { entry } : {};
    if (!workerId) return enter("/participant", { assignment_id: assignmentId, ...signed });
    return enter("/load-participant", { assignment_id: assignmentId, worker_id: workerId, ...signed });
  };

  /* ---- Waiting rooms, and early ends ----------------------------------------------------------------------- */

  const LOOK_MS = 10000; // the poll interval without a socket, unless the server sends one; a participant who is silent for a minute loses their seat
  const LOOK_EACH_BEATS = 3; // with a socket, polls make up for lost messages

  // A study's last page is the one that is due then.
  const LAST_PAGE = document.documentElement.dataset.lastPage || "questionnaire";
  // Only a live run pays, so a trial run must not promise a payment.
  const PAID = document.documentElement.dataset.mode === "live" ? " You will be paid for the time you spent." : "";
  const GOODBYES = {
    waiting: ["Thank you for waiting", `Not enough people arrived this time, so the study cannot start. This is not your fault.${PAID}`],
    group: ["Your group cannot continue", `Someone in your group had to leave, so the study ends here for the whole group. This is not your fault.${PAID}`],
  };

  /** The address of a socket that subscribes to these channels, with the participant's token. */
  dlgr.socketAddress = function (channels, participantId = dlgr.identity.participantId) {
    const query = new URLSearchParams({ channel: channels.join(","), participant_id: String(participantId || "") });
    if (record().token) query.set("token", record().token);
    return `${location.origin.replace(/^http/, "ws")}/chat?${query}`;
  };

  /** Tell participants that the study ends early for them: `why` is waiting or group. */
  dlgr.sayGoodbye = function (why) {
    if (document.getElementById("goodbye")) return;
    dlgr.skip_experiment = true;
    dlgr.allowExit();
    const [title, text] = GOODBYES[why];
    const button = $("<button type='button' class='btn btn-primary btn-lg' id='go-to-end'>").text("Go to the last page");
    button.on("click", () => dlgr.goToPage(LAST_PAGE));
    const box = ours("<div class='main_div' id='goodbye' role='status' tabindex='-1' data-free-to-leave>");
    box.append($("<h1>").text(title), $("<p>").text(text), $("<div class='btn-row'>").append(button));
    mainPart().empty().append(box);
    box.trigger("focus");
  };

  /** Poll the progress of the waiting room, or whether the group has ended; `done` gets {quorum}. */
  dlgr.lookAround = function () {
    const before = news; // a response that arrives after a newer message may be older than it
    return dlgr.get(`/waiting-room/${dlgr.identity.participantId}`).done(({ quorum: room, look_after: seconds }) => {
      if (seconds) lookAfterMs = seconds * 1000;
      if (before === news) heed(room);
      else dlgr.lookAround();
    });
  };

  let lookAfterMs = LOOK_MS; // longer when many wait
  let news = 0;
  document.addEventListener("petri:news", ({ detail: room }) => {
    news += 1;
    heed(room);
  });

  // Handle the state of this participant's room; during the experiment only its end matters.
  function heed(room) {
    if (!room || typeof room !== "object") return;
    if (room.released) {
      if (!document.querySelector("[data-free-to-leave], #questionnaire-form")) dlgr.sayGoodbye(gathering?.state() === "pending" ? "waiting" : "group");
    } else if (gathering && isDecided(room)) {
      gathering.resolve(room);
    }
  }

  // The response to a new participant already counts them, but the room opens a moment later: a participant who continued
  // before that would be missing from it.
  function beforeOpening(room) {
    return room.room || room.overrecruited ? room : { ...room, n: Math.min(room.n, room.q - 1) };
  }

  // Shows how full the room is. The wait ends when it is full, with or without this participant.
  function isDecided({ n, q, overrecruited }) {
    dlgr.skip_experiment = Boolean(overrecruited);
    if (q) dlgr.updateProgressBar(n, q);
    return Boolean(overrecruited) || n >= q;
  }

  let gathering = null;
  const identified = $.Deferred(); // resolved when the page knows its participant

  /** Resolves when as many participants are waiting as the experiment needs, or have arrived without this one. */
  dlgr.waitForQuorum = function () {
    if (!gathering) {
      gathering = $.Deferred();
      if (dlgr.identity.participantId) identified.resolve();
      identified.done(listenForQuorum);
    }
    return gathering.promise();
  };

  function listenForQuorum() {
    const look = () => gathering.state() === "pending" && dlgr.lookAround();
    if (!window.petri?.channel) { // a page with its own layout: polling alone works, too
      let asking;
      const lookAgain = () => {
        look();
        asking = setTimeout(lookAgain, lookAfterMs);
      };
      gathering.done(() => clearTimeout(asking));
      lookAgain();
      return;
    }
    let beats = 0;
    const channel = window.petri.channel("quorum");
    channel.on("open", look).on("beat", () => {
      beats += 1;
      if (channel.state !== "open" || beats % LOOK_EACH_BEATS === 0) look();
    });
    gathering.done(() => channel.close());
  }

  function progressShare(value, total) {
    return total ? Math.min(100, Math.round((100 * value) / total)) : 0;
  }

  /** Show in the waiting room that `value` of `total` participants have arrived. */
  dlgr.updateProgressBar = function (value, total) {
    const share = progressShare(value, total);
    $("#waiting-progress-bar").css("width", `${share}%`);
    $("#progress-percentage").text(`${share}%`);
    $("#waiting-progress").attr({ "aria-valuenow": value, "aria-valuemax": total });
    $("#waiting-count").text(`${value} of ${total} people are here`);
    document.dispatchEvent(new CustomEvent("petri:progress", { detail: { value, total } }));
  };

  // A page's step is the node that it requested. It is stored until the participant leaves the page on purpose, so that a
  // reload, or a window closed by accident, returns to the same node.
  function step(changed) {
    const steps = record().steps || {};
    if (changed === undefined) return steps[location.pathname] || null;
    record({ steps: { ...steps, [location.pathname]: changed } });
    return changed;
  }

  let hasAskedForNode = false;

  /** Take a place in the experiment: `done` gets {node}; a rejection with status 403 means that no place is left. */
  dlgr.createAgent = function () {
    const earlier = hasAskedForNode ? null : step();
    hasAskedForNode = true;
    if (earlier?.answer) return comeBack(earlier.answer);
    const requestId = earlier?.requestId || newId();
    step({ requestId });
    const entered = dlgr.identity.participantId ? $.Deferred().resolve() : dlgr.createParticipant();
    return entered.then(() => send("POST", `/node/${dlgr.identity.participantId}`, { allow_none: true }, requestId))
      .done((answer) => {
        step({ requestId, answer });
        if (answer.resumed) noteResumed(); // begun in another browser
      })
      .fail(({ isPassing: mayPass }) => mayPass || step(null));
  };

  function comeBack(answer) {
    const deferred = $.Deferred();
    setTimeout(() => deferred.resolve(answer));
    noteResumed();
    return deferred.promise();
  }

  function noteResumed() {
    dlgr.hasResumed = true;
    document.dispatchEvent(new CustomEvent("petri:resumed"));
  }

  /** Post an info that the participant made at this node. */
  dlgr.createInfo = function (nodeId, data) {
    return dlgr.post(`/info/${nodeId}`, data).done(() => step() && step({ ...step(), answered: true }));
  };

  // Every field has an answer, in the order of the page: "" if it was left blank.
  function formAnswers() {
    const fields = $("form :input").not(":button, :submit, :reset, :image, :disabled").toArray();
    return answersByName(fields.map((field) => field.getAttribute("name")), $("form").serializeArray());
  }

  function answersByName(names, entries) {
    const given = new Map();
    for (const { name, value } of entries) given.set(name, [...(given.get(name) || []), value]);
    const all = new Set([...names.filter(Boolean), ...given.keys()]);
    return Object.fromEntries([...all].map((name) => {
      const values = given.get(name) || [""];
      return [name, values.length > 1 ? values : values[0]];
    }));
  }

  // The browser doesn't validate a form that a script sends, so its fields are validated here.
  function showWhatIsMissing() {
    const forms = /** @type {HTMLFormElement[]} */ ($("form").toArray());
    const wrong = forms.filter((form) => !form.noValidate && !form.checkValidity());
    wrong.forEach((form) => $(form).addClass("was-checked"));
    wrong[0]?.reportValidity();
    return wrong.length > 0;
  }

  let submitting = null;

  /**
   * Store each answer of the page's forms, then submit the assignment. Invalid answers (`required`, `min`, `pattern` ...)
   * are shown and not sent; `fail` then gets the errorCode "answers_invalid".
   */
  dlgr.submitQuestionnaire = function (name) {
    if (submitting) return submitting;
    const question = typeof name === "string" ? name : "questionnaire";
    const request = { route: `/question/${dlgr.identity.participantId}`, method: "POST", data: { question, answers: formAnswers() } };
    if (showWhatIsMissing()) {
      const text = "Some answers are missing or invalid. Please check the highlighted questions.";
      return $.Deferred().reject(new AjaxRejection(request, 400, { error_code: "answers_invalid", error_text: text })).promise();
    }
    submitting = dlgr.post(request.route, request.data)
      .then(dlgr.submitAssignment).fail(() => { submitting = null; });
    return submitting;
  };

  /** Submit the assignment, and go to the page that thanks the participant and leads back to the recruiter. */
  dlgr.submitAssignment = function () {
    return dlgr.post("/worker_complete", { participant_id: dlgr.identity.participantId }).done(() => {
      dlgr.allowExit();
      dlgr.goToPage("recruiter-exit");
    });
  };

  /** Go to the error page, which asks the participant what happened and records their payment. */
  dlgr.error = function (rejection) {
    const { route, method, status, data, errorType, errorCode, errorText } = rejection || {};
    const request = JSON.stringify({ route, method, status, data }).slice(0, 4000);
    record({ problem: { error_type: errorType || errorCode, error_text: errorText, request_data: request } });
    dlgr.allowExit();
    const inAddress = dlgr.storage.available || !errorCode ? "" : `?problem=${encodeURIComponent(errorCode)}`;
    dlgr.goToPage(`error-page${inAddress}`);
  };

  /** The problem that `error` was last called with; the error page reports it. */
  dlgr.problem = function () {
    const inAddress = firstValue(["problem"], dlgr.getUrlParameter);
    return record().problem || (inAddress ? { error_type: inAddress } : {});
  };

  /* ---- Navigation ------------------------------------------------------------------------------------------ */

  let isLeaving = false;
  let mayExitOnce = false;

  /** The address of a page of the experiment, with the query string, the ids and the participant carried along. */
  dlgr.addressOf = function (page) {
    const [path, own] = String(page).replace(/^\/+/, "").split("?");
    const query = new URLSearchParams(location.search);
    query.delete("outcome");
    query.delete("problem");
    for (const [field, [name]] of Object.entries(NAMES)) {
      if (dlgr.identity[field]) query.set(name, dlgr.identity[field]);
    }
    if (dlgr.identity.participantId) query.set("participant_id", String(dlgr.identity.participantId));
    if (!dlgr.storage.available) carryConsent(query);
    new URLSearchParams(own).forEach((value, name) => query.set(name, value));
    return `/${path}?${query}`;
  };

  function carryConsent(query) {
    const consent = consentGiven();
    for (const [part, name] of Object.entries(CONSENT)) {
      if (consent[part]) query.set(name, consent[part]);
    }
  }

  /** Go to a page of the experiment, such as "exp" or "instructions/second". */
  dlgr.goToPage = function (page) {
    isLeaving = true;
    if (/^\/*questionnaire\b/.test(page)) window.petri?.finished?.();
    location.assign(dlgr.addressOf(page));
  };

  /** Stop asking for confirmation when the page is left. */
  dlgr.allowExit = () => { dlgr.preventExit = false; };

  /** Skip the confirmation once, the next time the page is left (a download, a mail link). */
  dlgr.allowExitOnce = () => { mayExitOnce = true; };

  // Scripts of an experiment often set preventExit on every page; it has no effect on the ad and the exit.
  window.addEventListener("beforeunload", (event) => {
    const mayLeave = !dlgr.preventExit || mayExitOnce || document.querySelector("[data-free-to-leave]");
    mayExitOnce = false;
    if (mayLeave) return;
    isLeaving = false;
    event.preventDefault();
    event.returnValue = "You have not finished yet.";
  });

  window.addEventListener("pagehide", () => {
    const current = step();
    if (current && (isLeaving || (current.answered && !dlgr.preventExit))) step(null);
    isLeaving = false;
  });

  /** An amount of money in the study's currency, such as "$1.50". */
  dlgr.money = function (amount) {
    const currency = document.documentElement.dataset.currency || "USD";
    return new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "narrowSymbol" }).format(Number(amount));
  };

  // Functions without side effects, for tests. They are not part of the documented API and may change.
  const internals = { answersByName, backoffMs, isPassing, isThrottled, outcome, parsed, progressShare, secondsIn };
  window.petri = { ...window.petri, internals };

  /* ---- Helpers --------------------------------------------------------------------------------------------- */

  /** Call back, a little later, if a blocker hides what looks like an advertisement. */
  dlgr.hasAdBlocker = function (callback) {
    const bait = $("<div class='adsbox ad-banner advertisement' aria-hidden='true'>&nbsp;</div>").appendTo(document.body);
    setTimeout(() => {
      if (bait[0].offsetHeight === 0) callback();
      bait.remove();
    }, 100);
  };

  /** Whether this browser gave no fingerprint. */
  dlgr.missingFingerprint = () => !dlgr.identity.fingerprintHash;

  /** Freezes the given elements (jQuery objects) while something is sent, with a spinner in #spinner. */
  dlgr.BusyForm = callable(class BusyForm {
    freeze(elements = []) {
      this.elements = [].concat(elements);
      this.elements.forEach((element) => $(element).prop("disabled", true));
      $("#spinner").html("<span class='spinner' aria-hidden='true'></span>Sending …");
    }

    unfreeze() {
      (this.elements || []).forEach((element) => $(element).prop("disabled", false));
      this.elements = [];
      $("#spinner").empty();
    }
  });

  dlgr.identity.initialize();
})();
