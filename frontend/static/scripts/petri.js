/**
 * Petri's additions to every page: a banner that says what the participant is waiting for, a note after a reload, the link
 * for withdrawing, and `petri.draft`, which keeps unfinished work when the page reloads. `dallinger2.js` sends the requests and
 * dispatches events; this script shows them. A classic script, so that scripts of a page can use `petri.draft` immediately.
 */
(function () {
  "use strict";
  const { dallinger } = window;
  if (!dallinger || window.petri?.draft) return;

  const WORDS = {
    person: "The person before you is still working. You can continue as soon as they have finished. Your waiting time counts.",
    crowd: "Many people are taking part right now. Nothing is lost, and you can continue in a moment.",
    line: "Your connection was interrupted. Nothing is lost. Trying to reconnect …",
  };
  const IS_LIVE = document.documentElement.dataset.mode === "live";
  const NOTE_STAYS_MS = 6000;
  const LOST_FOR_MS = 2500;

  /* ---- Drafts ------------------------------------------------------------------------------------------------- */

  // Where storage is blocked or full, the browser's history stores the draft, which also survives a reload.
  function kept(key, value) {
    const { storage } = dallinger;
    if (value === undefined) return storage.get(key) ?? history.state?.[key] ?? {};
    if (storage.available) {
      storage.set(key, value ?? undefined);
      return value;
    }
    try {
      history.replaceState({ ...history.state, [key]: value ?? undefined }, "");
    } catch {
      // Too long for this browser's history: it lasts as long as the page.
    }
    storage.set(key, value ?? undefined);
    return value;
  }

  // A password isn't stored, and a file can't be restored.
  const isKept = ({ name, type }) => name && !["password", "file", "hidden", "submit", "button", "reset", "image"].includes(type);

  function readForm(form) {
    return [...form.elements].filter(isKept).map((field) => (
      ["checkbox", "radio"].includes(field.type) ? field.checked
        : field.multiple && field.options ? [...field.options].map((option) => option.selected) : field.value));
  }

  function fillForm(form, values) {
    [...form.elements].filter(isKept).forEach((field, index) => {
      const value = values[index];
      if (value === undefined) return;
      if (["checkbox", "radio"].includes(field.type)) field.checked = value === true;
      else if (Array.isArray(value)) [...field.options].forEach((option, at) => { option.selected = Boolean(value[at]); });
      else field.value = value;
    });
  }

  /**
   * A participant's unsent work at a node (or at any other named step). It survives a reload, and a closed window of the
   * same browser.
   *
   *   const draft = petri.draft(node.id);
   *   if (draft.seen) askForTheAnswer(); else showTheStimulus();
   *   draft.markSeen();              // from now on the stimulus is not shown again, not even after a reload
   *   draft.follow(textarea);        // restores the text, and stores what is typed
   *   draft.clear();                 // once the answer has been sent
   */
  function draft(step) {
    const key = `petri:draft:${dallinger.identity.uniqueId}:${step}`;
    return {
      /** Whether the stimulus has been shown and hidden again. */
      get seen() { return kept(key).seen === true; },
      /** The last stored value; undefined if there is none. */
      get value() { return kept(key).value; },
      /** Record that the stimulus must not be shown again. */
      markSeen() { kept(key, { ...kept(key), seen: true }); },
      /** Store a value that can be serialized as JSON. */
      keep(value) { kept(key, { ...kept(key), value }); },
      /** Restore the stored text into a field, and store what is typed there. */
      follow(field) {
        if (this.value !== undefined) field.value = this.value;
        field.oninput = () => this.keep(field.value);
      },
      /** Restore the stored answers into a form, and store what is chosen and typed there. */
      followForm(form) {
        if (Array.isArray(this.value)) fillForm(form, this.value);
        const keep = () => this.keep(readForm(form));
        form.addEventListener("input", keep);
        form.addEventListener("change", keep);
      },
      /** Delete the draft: the answer has been sent. */
      clear() { kept(key, null); },
    };
  }

  window.petri = { ...window.petri, draft };

  /* ---- The banner --------------------------------------------------------------------------------------------- */

  const banner = document.createElement("div");
  banner.className = "status-banner";
  banner.lang = "en";
  banner.hidden = true;
  const message = document.createElement("span");
  message.setAttribute("role", "status"); // announced when it changes, unlike the seconds next to it
  const elapsed = document.createElement("span");
  elapsed.className = "elapsed";
  elapsed.setAttribute("aria-hidden", "true");
  banner.append(message, elapsed);
  const footer = document.querySelector(".page-footer");
  if (footer) footer.before(banner);
  else document.body.append(banner);

  let ticking;

  // A study's page speaks the participant's language, the other pages English.
  const translated = (text) => window.petri.study?.text?.(text) ?? text;

  function say(text) {
    clearInterval(ticking);
    banner.hidden = text === "";
    if (window.petri.study) banner.lang = document.documentElement.lang;
    message.textContent = translated(text);
    elapsed.textContent = "";
  }

  function inMinutes(milliseconds) {
    const seconds = Math.floor(milliseconds / 1000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  function showWaiting() {
    const { waiting } = dallinger;
    if (!waiting) return say("");
    if (message.textContent === translated(WORDS[waiting.kind])) return;
    say(WORDS[waiting.kind]);
    const tick = () => { elapsed.textContent = inMinutes(Date.now() - waiting.since); };
    tick();
    ticking = setInterval(tick, 1000);
  }

  function welcomeBack() {
    say("Welcome back. You can continue where you left off.");
    setTimeout(() => dallinger.waiting || say(""), NOTE_STAYS_MS);
  }

  /* ---- Notes on a page ---------------------------------------------------------------------------------------- */

  function note(text) {
    const line = document.createElement("p");
    line.className = "alert alert-info";
    line.lang = "en";
    line.textContent = text;
    document.querySelector(".main_div")?.prepend(line);
  }

  // A participant who came too late to take part learns why the next page is already the last.
  function tellWhyItIsOver() {
    if (dallinger.getUrlParameter("outcome") !== "overrecruited" || !document.getElementById("questionnaire-form")) return;
    note(`The group is already complete, so the study ends here for you. Thank you for coming.${IS_LIVE ? " You will be paid." : ""}`);
  }

  // Without ids the page can't identify its participant.
  function tellWhoIsUnknown() {
    /** @type {NodeListOf<HTMLElement>} */
    const needing = document.querySelectorAll("[data-needs-participant]");
    const { participantId, assignmentId } = dallinger.identity;
    if (participantId || assignmentId || !needing.length) return;
    for (const each of needing) each.hidden = true;
    dallinger.tellIncomplete();
  }

  // Participants who change their mind can go back to this page.
  function openTheWayOut(link) {
    link.addEventListener("click", () => {
      link.href = dallinger.addressOf("withdraw");
      dallinger.allowExitOnce();
    });
  }

  // A socket that reconnects immediately is not reported.
  let missing;

  function showLine({ detail: { isLost } }) {
    clearTimeout(missing);
    if (isLost) missing = setTimeout(() => dallinger.waiting || say(WORDS.line), LOST_FOR_MS);
    else if (message.textContent === translated(WORDS.line) && !dallinger.waiting) say("");
  }

  document.addEventListener("petri:waiting", showWaiting);
  document.addEventListener("petri:line", showLine);
  document.addEventListener("petri:resumed", welcomeBack);
  if (dallinger.hasResumed) welcomeBack();
  else showWaiting();
  tellWhyItIsOver();
  tellWhoIsUnknown();
  document.querySelectorAll("#withdraw-link").forEach(openTheWayOut);
})();
