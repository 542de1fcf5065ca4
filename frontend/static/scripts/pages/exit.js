/** The exit: shows the recorded end and pay, and leads back to the recruiter, which accepts the submission. */

const { dallinger } = window;
const LOOK_AGAIN_MS = [1500, 3000, 6000]; // the bonus is calculated in the seconds after the end
const OUTCOMES = {
  withdrawn: "withdrawn", error: "error", waiting: "released", dropout: "released", busy: "released", group: "released", released: "released",
};

const part = (id) => /** @type {PagePart} */ (document.getElementById(id));

/** @returns {HTMLElement[]} */
function all(selector) {
  return [...document.querySelectorAll(selector)];
}

function show(outcome) {
  for (const line of all("[data-outcome]")) line.hidden = line.dataset.outcome !== outcome;
}

/** Mechanical Turk's address for submissions; null for any other address, because the form would send ids there. */
function mturkAddress(given) {
  try {
    const { protocol, hostname, origin } = new URL(given);
    const isMturk = hostname === "mturk.com" || hostname.endsWith(".mturk.com");
    return protocol === "https:" && isMturk ? `${origin}/mturk/externalSubmit` : null;
  } catch {
    return null;
  }
}

function handIn(address) {
  part("mturk-submit").action = address;
  part("mturk-assignment").value = dallinger.identity.assignmentId;
  part("mturk-submit").hidden = false;
}

/** Show the way back to the recruiter; empty if there is none. Mechanical Turk takes a submission once. */
function leave(wayBack, isSubmitted = false) {
  const turk = mturkAddress(dallinger.getUrlParameter("turkSubmitTo")) || mturkAddress(wayBack);
  const address = isSubmitted ? null : turk;
  const isLink = !turk && /^https?:/.test(wayBack);
  if (address) handIn(address);
  if (isLink) part("way-back-link").href = wayBack;
  part("way-back").hidden = !isLink;
  part("close-hint").hidden = Boolean(address) || isLink;
}

function outcomeOf({ give_back: isGivenBack, participant_status: status, released, ended, pay }) {
  if (isGivenBack) return "given-back";
  if (status === "screened_out") return "screened-out";
  if (ended === false) return "unfinished";
  if (pay && !pay.entitled) return "without-pay";
  if (status === "overrecruited") return "overrecruited";
  if (toCome(pay).length && !released) return "to-be-continued";
  return OUTCOMES[released] || "complete";
}

function tell(known) {
  const outcome = outcomeOf(known);
  show(outcome);
  part("ended-as").textContent = String(known.participant_status).replaceAll("_", " ");
  part("resume-link").href = dallinger.addressOf(known.participant_status === "working" ? "exp" : document.documentElement.dataset.lastPage || "questionnaire");
  showPay(known, outcome);
  if (outcome === "unfinished") return;
  if (outcome !== "given-back") leave(known.submit_address || "", hasReturned(known.pay));
  window.opener?.postMessage({ petri: "finished" }, location.origin); // the ad shows it, too
  lookAgain(known);
}

/** Whether the participant has come back for a later session, which follows the submission of the first. */
function hasReturned(pay) {
  return (pay?.sessions || []).some(({ status }) => status !== "waiting");
}

/** The later sessions for which the participant may still be paid. */
function toCome(pay) {
  return (pay?.sessions || []).filter(({ status }) => ["waiting", "open"].includes(status));
}

function moment(text) {
  return new Date(text).toLocaleString("en", { dateStyle: "long", timeStyle: "short" });
}

function fact(name, text, kind) {
  const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
  dt.textContent = name;
  dd.textContent = text;
  for (const each of [dt, dd]) each.className = kind;
  return [dt, dd];
}

/** List the sessions that are paid, above the total, and those to come; return the sum of the paid ones. */
function showSessions(pay) {
  for (const old of all(".pay-session")) old.remove();
  const coming = toCome(pay);
  const over = (pay.sessions || []).filter((one) => !coming.includes(one) && Number(one.amount));
  for (const { session, amount } of over) {
    document.querySelector("dt.pay-total").before(...fact(`Session “${session}”`, dallinger.money(amount), "pay-session"));
  }
  for (const { session, amount, opens_at: opens, closes_at: closes } of coming) {
    const when = opens ? `if you begin it between ${moment(opens)} and ${moment(closes)}` : "when you finish it";
    const sum = Number(amount) ? dallinger.money(amount) : "nothing besides a possible bonus";
    part("pay-to-come-list").append(...fact(`Session “${session}”`, `${sum}, ${when}`, "pay-session"));
  }
  part("pay-to-come").hidden = !coming.length;
  return over.reduce((sum, { amount }) => sum + Number(amount), 0);
}

function showPay({ pay, recruiter = "", participant_status: status }, outcome) {
  const isPaid = Number(pay?.base) + Number(pay?.bonus || 0) > 0 || Boolean(pay?.sessions?.length);
  const isShown = Boolean(pay?.entitled) && isPaid && !["unfinished", "given-back"].includes(outcome);
  part("pay").hidden = !isShown;
  if (!isShown) return;
  const bonus = Number(pay.bonus || 0);
  const later = showSessions(pay);
  const isOpen = pay.bonus === null && ["complete", "to-be-continued"].includes(outcome) && ["working", "submitted"].includes(status);
  part("pay-base").textContent = dallinger.money(pay.base);
  part("pay-bonus").textContent = isOpen ? "calculated after the study" : dallinger.money(bonus);
  part("pay-total").textContent = dallinger.money(Number(pay.base) + bonus + later);
  for (const cell of all(".pay-bonus")) cell.hidden = !isOpen && !bonus;
  for (const cell of all(".pay-total")) cell.hidden = !bonus && !later;
  const lines = all("[data-paid-by]");
  const own = lines.find((line) => line.dataset.paidBy === recruiter.split(":")[0]) || lines.find((line) => line.dataset.paidBy === "other");
  for (const line of lines) line.hidden = line !== own;
}

function lookAgain({ participant_status: status, submit_address: wayBack }) {
  const isSettling = ["working", "submitted"].includes(status) && !wayBack && !dallinger.getUrlParameter("turkSubmitTo");
  const pause = LOOK_AGAIN_MS.shift();
  if (isSettling && pause) setTimeout(look, pause);
}

function look() {
  return dallinger.get(`/recruiter-exit/${dallinger.identity.participantId}`).done(tell).fail(() => {
    show("unknown");
    leave("");
    part("close-hint").hidden = true;
  });
}

async function begin() {
  if (dallinger.identity.participantId || await dallinger.enterAgain()) look();
  else {
    show("unknown");
    leave("");
  }
}

begin();

export {};
