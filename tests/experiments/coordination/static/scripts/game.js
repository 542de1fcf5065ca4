// Rounds of the minimum-effort game. The server stores the game; the channel announces news and carries suggestions.
(function () {
  "use strict";
  const part = (id) => /** @type {PagePart} */ (document.getElementById(id));
  /** @type {NodeListOf<HTMLButtonElement>} */
  const found = document.querySelectorAll(".effort");
  const buttons = [...found];
  const proposals = new Map();
  let state = null;
  let channel;
  let endsAt = 0;

  function goOn() {
    dallinger.allowExit();
    dallinger.goToPage("questionnaire");
  }

  // A refresh during a request is done once more after it, so that the newest state is shown.
  let isAsking = false;
  let isStale = false;

  function refresh() {
    if (isAsking) {
      isStale = true;
      return;
    }
    isAsking = true;
    dallinger.get("/game").done(show).fail(dallinger.error).always(() => {
      isAsking = false;
      if (isStale) {
        isStale = false;
        refresh();
      }
    });
  }

  function show(next) {
    const isNewRound = !state || state.round !== next.round;
    state = next;
    endsAt = Date.now() + 1000 * state.seconds_left;
    showPlayers();
    showHistory();
    if (state.over || state.left_behind) return end();
    if (isNewRound) beginRound();
    part("paused").hidden = !state.paused;
    buttons.forEach((button) => { button.disabled = state.has_chosen; });
    part("propose").disabled = false;
    const others = state.missing === 1 ? "one more player" : `${state.missing} more players`;
    part("note").textContent = state.has_chosen ? `Thank you. Waiting for ${others} …` : lastRound();
  }

  function beginRound() {
    part("round-number").textContent = `Round ${state.round} of ${state.rounds}. You are ${state.name}.`;
    buttons.forEach((button) => button.classList.remove("is-chosen"));
    proposals.clear();
    showProposals();
    if (state.round > 1) part("question").focus();
  }

  function lastRound() {
    const last = state.history[state.history.length - 1];
    return last ? `In the last round the lowest effort was ${last.lowest}.` : "";
  }

  function showPlayers() {
    part("players").replaceChildren(...state.people.map((person) => {
      const item = document.createElement("li");
      const note = person.is_me ? " (you)" : person.is_here ? "" : " (away)";
      item.textContent = person.name + note;
      item.classList.toggle("is-away", !person.is_here);
      return item;
    }));
  }

  function showHistory() {
    part("history").hidden = state.history.length === 0;
    part("past").replaceChildren(...state.history.map((past) => {
      const row = document.createElement("tr");
      for (const value of [past.round, past.mine ?? "–", past.lowest, past.points]) row.insertCell().textContent = value;
      return row;
    }));
    part("earned").textContent = state.earned;
  }

  function end() {
    clearInterval(ticking);
    for (const id of ["efforts", "proposal-box", "time-left", "paused"]) part(id).hidden = true;
    part("question").textContent = state.left_behind ? "The game continued without you" : "The game is over";
    part("note").textContent = state.left_behind
      ? "You were away for too long, so your group continued without you. The points you earned still count."
      : `Thank you! You earned ${state.earned} points.`;
    part("go-on").hidden = false;
    part("go-on").focus();
    channel.close();
  }

  // Choosing and proposing

  function choose(button) {
    buttons.forEach((each) => { each.disabled = true; });
    button.classList.add("is-chosen");
    part("problem").hidden = true;
    const choice = { contents: button.dataset.effort, info_type: "Choice", property1: state.round };
    dallinger.createInfo(state.me, choice).done(refresh).fail((rejection) => {
      button.classList.remove("is-chosen");
      part("problem").textContent = rejection.errorText;
      part("problem").hidden = false;
      refresh();
    });
  }

  function propose() {
    channel.send({ propose: Number(part("proposal").value), name: state.name });
  }

  function hear(data) {
    if (data.news) refresh();
    else if (Number.isInteger(data.propose) && typeof data.name === "string") {
      proposals.set(data.name.slice(0, 20), data.propose);
      showProposals();
    }
  }

  function showProposals() {
    part("proposals").textContent = [...proposals].map(([name, effort]) => `${name} suggests ${effort}`).join(", ");
  }

  function tick() {
    if (!state) return;
    const seconds = Math.max(0, Math.round((endsAt - Date.now()) / 1000));
    part("time-left").textContent = state.paused ? "Paused" : `${seconds} seconds left`;
    if (seconds === 0) refresh();
  }

  const ticking = setInterval(tick, 1000);
  buttons.forEach((button) => button.addEventListener("click", () => choose(button)));
  part("propose").addEventListener("click", propose);
  part("go-on").addEventListener("click", goOn);

  // A participant who already has a place continues there, even if this browser has forgotten it.
  function join() {
    if (dallinger.skip_experiment) return goOn();
    dallinger.get("/game").done((found) => (found.joined ? begin(found.network) : takeAPlace())).fail(dallinger.error);
  }

  function takeAPlace() {
    dallinger.createAgent().done(({ node }) => begin(node.network_id))
      .fail((rejection) => (rejection.status === 403 ? goOn() : dallinger.error(rejection)));
  }

  function begin(network) {
    channel = petri.channel(`network-${network}`).on("open", refresh).on("message", hear);
  }

  dallinger.preventExit = true;
  dallinger.createParticipant().done(join);
})();
