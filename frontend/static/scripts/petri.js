/**
 * What Petri adds around every page: what the participant is waiting for, a word after a reload, the way out.
 * A module; nothing waits for it. `dallinger2.js` does the asking and tells by events, this shows.
 */

const WORDS = {
  person: "Someone ahead of you is still working. You go on as soon as they are done; your waiting time counts.",
  line: "Your connection was interrupted. Nothing is lost, we keep trying.",
};
const NOTE_STAYS_MS = 6000;

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

// The way out keeps the page's place: who changes their mind comes back to it.
function openTheWayOut(link) {
  link.addEventListener("click", () => {
    link.href = window.dallinger.addressOf("withdraw");
    window.dallinger.allowExitOnce();
  });
}

if (window.dallinger) {
  document.addEventListener("petri:waiting", showWaiting);
  if (window.dallinger.hasResumed) welcomeBack();
  else showWaiting();
  document.querySelectorAll("#withdraw-link").forEach(openTheWayOut);
}
