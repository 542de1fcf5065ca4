/**
 * The ad: asks the server whether this participant may take part before it shows the button, then opens the consent, in
 * this window or in a second one. It follows the state of the second window: closed, declined, finished.
 */

const REASONS = {
  repeat_worker: "You have already taken part in this study, so you cannot take part again. Thank you for your interest.",
  ended: "You have finished this study. Thank you for taking part! You can close this page.",
  excluded_browser: "This study does not work in your browser. Please open the link in another browser.",
  closed: "All places in this study are taken. Thank you for your interest.",
  incomplete: "This link is incomplete. Please open it again from the page where you found it.",
  unreachable: "We could not reach the study. Please check your connection and try again.",
};
const WINDOW = "popup,width=1100,height=850,left=80,top=40,resizable,scrollbars";
const PREVIEW = "ASSIGNMENT_ID_NOT_AVAILABLE";
const LOOK_AT_WINDOW_MS = 1000;
const { dallinger } = window;

const part = (id) => /** @type {PagePart} */ (document.getElementById(id));

function show(id) {
  for (const each of ["checking", "no-assignment", "may-not", "live"]) part(each).hidden = each !== id;
}

// An author's ad may lack a part that Petri's has.
function reveal(id, isShown) {
  if (part(id)) part(id).hidden = !isShown;
}

function refuse(reason, text) {
  part("may-not-reason").textContent = REASONS[reason] || text || REASONS.closed;
  part("may-not").classList.toggle("alert-success", reason === "ended");
  reveal("ask-again", reason === "unreachable");
  reveal("last-page", reason === "ended");
  if (reason === "ended") part("last-page").href = dallinger.addressOf("recruiter-exit");
  show("may-not");
}

function look() {
  const { hitId, assignmentId, workerId, recruiter } = dallinger.identity;
  if (assignmentId === PREVIEW) return show("no-assignment");
  if (!assignmentId && !workerId) return refuse("incomplete");
  show("checking");
  const known = Object.entries({ hitId, assignmentId, workerId, recruiter }).filter(([, value]) => value);
  dallinger.get("/may-take-part", Object.fromEntries(known)).done(tell).fail(({ status, errorText }) => {
    if (status === 400) refuse("incomplete");
    else if (status === 403) refuse("refused", errorText);
    else refuse("unreachable");
  });
}

function tell({ may, reason, resumes, ended }) {
  if (!may && reason === "preview") return show("no-assignment");
  if (!may) return refuse(ended ? "ended" : reason);
  if (part("begin")) part("begin").textContent = resumes ? "Continue where you left off" : "Begin";
  reveal("storage-blocked", !dallinger.storage.available);
  reveal("second-window", opensSecondWindow());
  reveal("opened", false);
  reveal("pop-up-blocked", false);
  show("live");
}

/** Mechanical Turk shows the ad in a frame, and a phone shows windows one at a time: the study needs one of its own there, or none. */
function opensSecondWindow() {
  const wanted = part("live").dataset.window;
  const isFramed = window.top !== window;
  const isPhone = window.matchMedia("(pointer: coarse) and (max-width: 820px)").matches;
  if (wanted) return wanted === "popup";
  if (isFramed) return true;
  return !isPhone && (dallinger.identity.recruiter === "mturk" || Boolean(dallinger.getUrlParameter("turkSubmitTo")));
}

let studyWindow = null;

function begin() {
  const address = dallinger.addressOf("consent");
  reveal("declined-before", false);
  if (!opensSecondWindow()) {
    location.assign(address);
    return;
  }
  part("consent-link").href = address;
  studyWindow = window.open(address, `petri-${dallinger.identity.uniqueId}`, WINDOW);
  reveal("opened", studyWindow);
  reveal("pop-up-blocked", !studyWindow);
  if (!studyWindow) part("consent-link").focus();
}

function followTheWindow() {
  if (!studyWindow?.closed) return;
  studyWindow = null;
  look();
}

// The pages in the second window post messages about what happened there.
function hear({ origin, data }) {
  if (origin !== location.origin || !data?.petri) return;
  studyWindow = null;
  look();
  reveal("declined-before", data.petri === "declined");
}

part("begin")?.addEventListener("click", begin);
part("ask-again").addEventListener("click", look);
setInterval(followTheWindow, LOOK_AT_WINDOW_MS);
addEventListener("message", hear);
addEventListener("pageshow", ({ persisted }) => persisted && look()); // back from the study, in this window
look();

export {};
