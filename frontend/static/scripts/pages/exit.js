/** The exit: the right word of thanks, and on Mechanical Turk the form that hands the task in. */

const { dallinger } = window;
const outcome = dallinger.getUrlParameter("outcome") || "complete";

for (const line of document.querySelectorAll("[data-outcome]")) line.hidden = line.dataset.outcome !== outcome;

/** Where Mechanical Turk takes the task; null for any other address, because the form would carry ids there. */
function mturkAddress(given) {
  try {
    const { protocol, hostname, origin } = new URL(given);
    const isMturk = hostname === "mturk.com" || hostname.endsWith(".mturk.com");
    return protocol === "https:" && isMturk ? `${origin}/mturk/externalSubmit` : null;
  } catch {
    return null;
  }
}

const address = mturkAddress(dallinger.getUrlParameter("turkSubmitTo"));
if (address) {
  const form = document.getElementById("mturk-submit");
  form.action = address;
  form.hidden = false;
  document.getElementById("mturk-assignment").value = dallinger.identity.assignmentId;
  document.getElementById("close-hint").hidden = true;
}
