/** Withdrawing: asks once, tells the experiment, goes to the exit. */

const { dallinger } = window;
const problem = document.getElementById("withdraw-problem");
const button = document.getElementById("withdraw");

function withdraw() {
  button.disabled = true;
  problem.hidden = true;
  dallinger.post("/withdraw", { participant_id: dallinger.identity.participantId })
    .done(() => dallinger.goToPage("recruiter-exit?outcome=withdrawn"))
    .fail((rejection) => {
      button.disabled = false;
      problem.textContent = rejection.errorText;
      problem.hidden = false;
    });
}

button.addEventListener("click", withdraw);
document.getElementById("stay").addEventListener("click", () => history.back());
if (!dallinger.identity.participantId) {
  document.getElementById("withdraw-page").hidden = true;
  document.getElementById("nothing-to-withdraw").hidden = false;
}
