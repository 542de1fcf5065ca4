/** The questionnaire: keeps answers when the page reloads, sends them once, and stays usable if that fails. */

const { dallinger, petri } = window;
const button = $("#submit-questionnaire");
const form = /** @type {HTMLFormElement} */ (document.getElementById("questionnaire-form"));
const problem = document.getElementById("questionnaire-problem");
const busy = new dallinger.BusyForm();
const draft = petri.draft(location.pathname);

function fail(rejection) {
  if (rejection.errorCode === "participant_not_working") return leave(rejection);
  if (rejection.status >= 500 || rejection.status === 403) return dallinger.error(rejection);
  problem.textContent = rejection.errorText;
  problem.hidden = false;
}

// The participant has already finished, in another window or before going back: show the last page.
function leave(rejection) {
  dallinger.leaveIfEnded().then((hasEnded) => hasEnded || dallinger.error(rejection));
}

function submit(event) {
  event.preventDefault();
  problem.hidden = true;
  const sent = dallinger.submitQuestionnaire();
  if (sent.state() === "pending") busy.freeze([button, $("#questionnaire-form :input")]);
  sent.done(() => draft.clear()).fail((rejection) => {
    busy.unfreeze();
    fail(rejection);
  });
}

button.on("click", submit);
$(form).on("submit", submit);
draft.followForm(form);
if (dallinger.identity.participantId) dallinger.leaveIfEnded();
addEventListener("pageshow", ({ persisted }) => persisted && dallinger.leaveIfEnded());

export {};
