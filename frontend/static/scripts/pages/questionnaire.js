/** The questionnaire: sends the answers once, keeps the page usable if that fails. */

const { dallinger, $ } = window;
const button = $("#submit-questionnaire");
const problem = document.getElementById("questionnaire-problem");
const busy = new dallinger.BusyForm();

function submit(event) {
  event.preventDefault();
  problem.hidden = true;
  const sent = dallinger.submitQuestionnaire();
  busy.freeze([button, $("#questionnaire-form :input")]);
  sent.fail((rejection) => {
    busy.unfreeze();
    if (rejection.status >= 500 || rejection.status === 403) return dallinger.error(rejection);
    problem.textContent = rejection.errorText;
    problem.hidden = false;
  });
}

button.on("click", submit);
$("#questionnaire-form").on("submit", submit);
