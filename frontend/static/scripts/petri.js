/**
 * What Petri adds around every page: what the participant is waiting for, a word after a reload, the way out.
 * A module; nothing waits for it. `dallinger2.js` does the asking and tells by events, this shows.
 */

const WORDS = {
  person: "Someone ahead of you is still working. You go on as soon as they are done; your waiting time counts.",
  crowd: "Many people are taking part at this moment. Nothing is lost, you go on in a moment.",
  line: "Your connection was interrupted. Nothing is lost, we keep trying.",
};
const NOTE_STAYS_MS = 6000;
const LOST_FOR_MS = 2500;

const banner = document.createElement("div");
banner.className = "status-banner";
banner.hidden = true;
const message = document.createElement("span");
message.setAttribute("role", "status"); // read out when it changes; the seconds beside it are not
const elapsed = document.createElement("span");
elapsed.className = "elapsed";
elapsed.setAttribute("aria-hidden", "true");
banner.append(message, elapsed);
const footer = document.querySelector(".page-footer");
if (footer) footer.before(banner);
else document.body.append(banner);

let ticking;

function say(text) {
  clearInterval(ticking);
  banner.hidden = text === "";
  message.textContent = text;
  elapsed.textContent = "";
}

function inMinutes(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function showWaiting() {
  const { waiting } = window.dallinger;
  if (!waiting) return say("");
  if (message.textContent === WORDS[waiting.kind]) return;
  say(WORDS[waiting.kind]);
  const tick = () => { elapsed.textContent = inMinutes(Date.now() - waiting.since); };
  tick();
  ticking = setInterval(tick, 1000);
}

function welcomeBack() {
  say("Welcome back. You go on where you were.");
  setTimeout(() => window.dallinger.waiting || say(""), NOTE_STAYS_MS);
}

// Who came too late to play along learns why the next page is already the last.
function tellWhyItIsOver() {
  if (window.dallinger.getUrlParameter("outcome") !== "overrecruited") return;
  const note = document.createElement("p");
  note.className = "alert alert-info";
  note.textContent = "The group is complete: more people came than this study needs, so you are at the end already. Thank you for coming; you will be paid.";
  document.querySelector(".main_div")?.prepend(note);
}

// The way out keeps the page's place: who changes their mind comes back to it.
function openTheWayOut(link) {
  link.addEventListener("click", () => {
    link.href = window.dallinger.addressOf("withdraw");
    window.dallinger.allowExitOnce();
  });
}

// A socket that comes back at once is nothing to tell anybody.
let missing;

function showLine({ detail: { isLost } }) {
  clearTimeout(missing);
  if (isLost) missing = setTimeout(() => window.dallinger.waiting || say(WORDS.line), LOST_FOR_MS);
  else if (message.textContent === WORDS.line && !window.dallinger.waiting) say("");
}

if (window.dallinger) {
  document.addEventListener("petri:waiting", showWaiting);
  document.addEventListener("petri:line", showLine);
  if (window.dallinger.hasResumed) welcomeBack();
  else showWaiting();
  tellWhyItIsOver();
  document.querySelectorAll("#withdraw-link").forEach(openTheWayOut);
}
