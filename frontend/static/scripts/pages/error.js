/** The error page: tells the experiment what went wrong, in the participant's words too, so that they are paid. */

const { dallinger } = window;
const form = document.getElementById("error-form");
const thanks = document.getElementById("error-thanks");
let isSent = false;

function report() {
  const comment = document.getElementById("error-feedback").value;
  return { participant_id: dallinger.identity.participantId, error_feedback: comment, ...dallinger.problem() };
}

// A payment is promised only when the server says that it has recorded it.
function thank({ recorded }) {
  isSent = true;
  document.getElementById("problem").hidden = true;
  document.getElementById("error-recorded").hidden = !recorded;
  document.getElementById("error-not-recorded").hidden = Boolean(recorded);
  document.getElementById("go-to-exit").hidden = !recorded;
  thanks.hidden = false;
  thanks.focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = document.getElementById("submit-error");
  button.disabled = true;
  dallinger.post("/handle-error", report()).done(thank).fail(() => {
    button.disabled = false;
    document.getElementById("not-sent").hidden = false;
  });
});

// A participant who closes the page without a word is paid as well.
addEventListener("pagehide", () => {
  if (isSent || !dallinger.identity.participantId) return;
  dallinger.postAndLeave("/handle-error", report());
});

document.getElementById("go-to-exit").addEventListener("click", () => dallinger.goToPage("recruiter-exit?outcome=error"));

const { error_text: happened } = dallinger.problem();
document.getElementById("what-happened").textContent = happened ? `What we know: ${happened}` : "";
