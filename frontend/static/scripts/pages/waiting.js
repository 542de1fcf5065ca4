/** The waiting room: enters it, shows how long the participant has waited, and continues when the room is full. */

const { dallinger } = window;
const ANNOUNCE_EVERY_MS = 15000; // a screen reader should not read each arrival aloud
const title = document.title;
const began = Date.now();
let since = began;

function inMinutes(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function showTime() {
  document.getElementById("waiting-time").textContent = inMinutes(Date.now() - since);
}

let announcedAt = 0;
let telling;

function tellProgress({ detail: { value, total } }) {
  document.title = `(${value}/${total}) ${title}`;
  clearTimeout(telling);
  telling = setTimeout(() => {
    const status = document.getElementById("waiting-status");
    if (status) status.textContent = document.getElementById("waiting-count").textContent;
    announcedAt = Date.now();
  }, Math.max(0, announcedAt + ANNOUNCE_EVERY_MS - Date.now()));
}

// This browser's clock may be wrong, but differences between its times are right.
function rememberSince() {
  const key = `petri:waiting:${dallinger.identity.uniqueId}`;
  since = Number(sessionStorage.getItem(key)) || began;
  sessionStorage.setItem(key, String(since));
}

function goOn() {
  clearInterval(ticking);
  document.title = dallinger.skip_experiment ? title : `Starting now: ${title}`;
  dallinger.allowExit();
  const { lastPage = "questionnaire" } = document.documentElement.dataset;
  dallinger.goToPage(dallinger.skip_experiment ? `${lastPage}?outcome=overrecruited` : "exp");
}

const ticking = setInterval(() => document.getElementById("waiting-time") && showTime(), 1000);
document.addEventListener("petri:progress", tellProgress);
try {
  rememberSince();
} catch {
  // Storage is blocked: count the time since this page was opened.
}
if (typeof window.getQuorum === "function") {
  window.getQuorum();
  if (window.quorum) dallinger.updateProgressBar(0, window.quorum);
}
dallinger.preventExit = true;
dallinger.createParticipant().done(goOn);

export {};
