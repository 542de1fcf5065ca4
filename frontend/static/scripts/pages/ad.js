/** The ad: asks whether this person may take part before it shows the button, then opens the consent. */

const REASONS = {
  repeat_worker: "You have already taken part in this study, so you cannot do it again. Thank you for coming back.",
  excluded_browser: "This study does not work in the browser you are using. Please open the link in another browser.",
  closed: "All places in this study are taken. Thank you for your interest.",
  incomplete: "This link is not complete. Please open it again from the place where you found it.",
  unreachable: "We could not reach the study. Please check your connection.",
};
const WINDOW = "popup,width=1100,height=850,left=80,top=40,resizable,scrollbars";
const PREVIEW = "ASSIGNMENT_ID_NOT_AVAILABLE";
const { dallinger } = window;

const part = (id) => document.getElementById(id);

function show(id) {
  for (const each of ["checking", "no-assignment", "may-not", "live"]) part(each).hidden = each !== id;
}

function refuse(reason, text) {
  part("may-not-reason").textContent = REASONS[reason] || text || REASONS.closed;
  part("ask-again").hidden = reason !== "unreachable";
  show("may-not");
}

function look() {
  const { hitId, assignmentId, workerId, recruiter } = dallinger.identity;
  if (assignmentId === PREVIEW) return show("no-assignment");
  show("checking");
  const known = Object.entries({ hitId, assignmentId, workerId, recruiter }).filter(([, value]) => value);
  dallinger.get("/may-take-part", Object.fromEntries(known)).done(tell).fail(({ status, errorText }) => {
    if (status === 400) refuse("incomplete");
    else if (status === 403) refuse("refused", errorText);
    else refuse("unreachable");
  });
}

function tell({ may, reason, resumes }) {
  if (!may && reason === "preview") return show("no-assignment");
  if (!may) return refuse(reason);
  if (resumes && part("begin")) part("begin").textContent = "Go on where you were";
  show("live");
}

function begin() {
  const address = dallinger.addressOf("consent");
  part("consent-link").href = address;
  const opened = window.open(address, `petri-${dallinger.identity.uniqueId}`, WINDOW);
  part("opened").hidden = !opened;
  part("pop-up-blocked").hidden = Boolean(opened);
  if (!opened) part("consent-link").focus();
}

part("begin")?.addEventListener("click", begin);
part("ask-again").addEventListener("click", look);
look();
