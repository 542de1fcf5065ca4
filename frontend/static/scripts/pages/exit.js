/** The exit: the right word of thanks, and the way back to the recruiter, who is handed the task. */

const { dallinger } = window;

function show(outcome) {
  for (const line of document.querySelectorAll("[data-outcome]")) line.hidden = line.dataset.outcome !== outcome;
}

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

function reveal(id) {
  document.getElementById(id).hidden = false;
  document.getElementById("close-hint").hidden = true;
}

function handIn(address) {
  document.getElementById("mturk-submit").action = address;
  document.getElementById("mturk-assignment").value = dallinger.identity.assignmentId;
  reveal("mturk-submit");
}

/** What the server knows of the way back; empty where it isn't known. */
function leave({ submit_address: wayBack = "", give_back: isGivenBack = false } = {}) {
  if (isGivenBack) {
    show("given-back");
    return;
  }
  const address = mturkAddress(dallinger.getUrlParameter("turkSubmitTo")) || mturkAddress(wayBack);
  if (address) handIn(address);
  else if (/^https?:/.test(wayBack)) {
    document.getElementById("way-back-link").href = wayBack;
    reveal("way-back");
  }
}

show(dallinger.getUrlParameter("outcome") || "complete");
const { participantId } = dallinger.identity;
if (participantId) dallinger.get(`/recruiter-exit/${participantId}`).done(leave).fail(() => leave());
else leave();
