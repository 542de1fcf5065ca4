/** Withdrawal: asks for confirmation, posts it to the experiment, and goes to the exit. */

const { dallinger } = window;
const part = (id) => /** @type {PagePart} */ (document.getElementById(id));
const problem = part("withdraw-problem");
const button = part("withdraw");

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
part("stay").addEventListener("click", () => history.back());
if (!dallinger.identity.participantId) {
  part("withdraw-page").hidden = true;
  part("nothing-to-withdraw").hidden = false;
}

export {};
