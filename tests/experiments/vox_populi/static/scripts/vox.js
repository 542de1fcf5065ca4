// One jar after another. The server stores the guesses; the channel only announces news.
(function () {
  "use strict";
  const part = (id) => /** @type {PagePart} */ (document.getElementById(id));
  let state = null;
  let draft = null;
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
    dallinger.get("/jar").done(show).fail(dallinger.error).always(() => {
      isAsking = false;
      if (isStale) {
        isStale = false;
        refresh();
      }
    });
  }

  function show(next) {
    const isNew = !state || state.jar !== next.jar || state.stage !== next.stage;
    state = next;
    endsAt = Date.now() + 1000 * state.seconds_left;
    if (state.over) return end();
    if (isNew) beginStage();
    part("guess").disabled = part("send").disabled = state.has_answered;
    const others = state.missing === 1 ? "one more person" : `${state.missing} more people`;
    part("note").textContent = state.has_answered ? `Thank you. Waiting for ${others} …` : "";
  }

  function beginStage() {
    const isAlone = state.stage === "alone";
    part("jar-number").textContent = `Jar ${state.jar} of ${state.jars}`;
    part("question").textContent = isAlone ? "How many beans are in the jar?" : "Would you like to change your guess?";
    part("guess-label").textContent = isAlone ? "Your guess" : "Your new guess";
    part("guess").value = isAlone ? "" : state.mine || "";
    draft = petri.draft(`jar-${state.jar}-${state.stage}`);
    draft.follow(part("guess"));
    part("others").hidden = isAlone;
    if (isAlone) Beans.draw(part("jar"), state.beans);
    else showGuesses();
    if (isAlone && state.jar > 1) part("question").focus();
    else part("guess").focus();
  }

  function showGuesses() {
    Beans.draw(part("jar"), state.beans);
    const all = [...state.others, ...(state.mine ? [state.mine] : [])].sort((a, b) => a - b);
    let isMarked = false;
    part("guesses").replaceChildren(...all.map((number) => {
      const item = document.createElement("li");
      const isMine = number === state.mine && !isMarked;
      isMarked = isMarked || isMine;
      item.textContent = isMine ? `${number} (you)` : number;
      item.classList.toggle("is-mine", isMine);
      return item;
    }));
    part("median").textContent = all.length ? String(medianOf(all)) : "no guesses";
  }

  function medianOf(sorted) {
    const half = sorted.length / 2;
    return Math.round((sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2);
  }

  function end() {
    clearInterval(ticking);
    for (const id of ["others", "guess-form", "time-left"]) part(id).hidden = true;
    part("question").textContent = "That was the last jar";
    part("note").textContent = "Thank you! Your bonus depends on how close your guesses were.";
    part("go-on").hidden = false;
    part("go-on").focus();
    channel.close();
  }

  function submit(event) {
    event.preventDefault();
    if (part("send").disabled) return;
    part("send").disabled = true;
    part("problem").hidden = true;
    const guess = { contents: String(Math.round(Number(part("guess").value))), info_type: "Estimate", property1: state.jar, property2: state.stage };
    dallinger.createInfo(state.me, guess).done(() => {
      draft.clear();
      refresh();
    }).fail((rejection) => {
      part("send").disabled = false;
      part("problem").textContent = rejection.errorText;
      part("problem").hidden = false;
    });
  }

  function hear(data) {
    if (data.news) refresh();
  }

  function tick() {
    if (!state) return;
    const seconds = Math.max(0, Math.round((endsAt - Date.now()) / 1000));
    part("time-left").textContent = `${seconds} seconds left`;
    if (seconds === 0) refresh();
  }

  const ticking = setInterval(tick, 1000);
  part("guess-form").addEventListener("submit", submit);
  part("go-on").addEventListener("click", goOn);

  // A participant who already has a place continues there, even if this browser has forgotten it.
  function join() {
    if (dallinger.skip_experiment) return goOn();
    dallinger.get("/jar").done((found) => (found.joined ? begin(found.network) : takeAPlace())).fail(dallinger.error);
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
