/** The error page: reports the problem, with the participant's comment, so that they are paid. */

const { dallinger } = window;
const part = (id) => /** @type {PagePart} */ (document.getElementById(id));
const form = part("error-form");
const thanks = part("error-thanks");
let isSent = false;

function report() {
  const comment = part("error-feedback").value;
  return { participant_id: dallinger.identity.participantId, error_feedback: comment, ...dallinger.problem() };
}

// The page promises a payment only when the server has recorded it.
function thank({ recorded }) {
  isSent = true;
  part("problem").hidden = true;
  part("error-recorded").hidden = !recorded;
  part("error-not-recorded").hidden = Boolean(recorded);
  part("go-to-exit").hidden = !recorded;
  thanks.hidden = false;
  thanks.focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = part("submit-error");
  button.disabled = true;
  dallinger.post("/handle-error", report()).done(thank).fail(() => {
    button.disabled = false;
    part("not-sent").hidden = false;
  });
});

// Participants who close the page without sending the form are paid as well.
addEventListener("pagehide", () => {
  if (isSent || !dallinger.identity.participantId) return;
  dallinger.postAndLeave("/handle-error", report());
});

part("go-to-exit").addEventListener("click", () => dallinger.goToPage("recruiter-exit?outcome=error"));

const { error_text: happened } = dallinger.problem();
part("what-happened").textContent = happened ? `Details: ${happened}` : "";

export {};
