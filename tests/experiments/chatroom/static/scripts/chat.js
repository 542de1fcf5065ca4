// A chat room. The server stores the messages; the channel only announces news and who is typing.
(function () {
  "use strict";
  const TYPING_SHOWN_MS = 3000;
  const TYPING_TOLD_EVERY_MS = 1500;
  const part = (id) => /** @type {PagePart} */ (document.getElementById(id));
  const shown = new Set();
  let channel;
  let me = { id: 0, name: "" };
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
    dallinger.get("/talk").done(show).fail(dallinger.error).always(() => {
      isAsking = false;
      if (isStale) {
        isStale = false;
        refresh();
      }
    });
  }

  function show(state) {
    me = state.people.find((person) => person.id === state.me);
    endsAt = Date.now() + 1000 * state.seconds_left;
    showPeople(state.people);
    state.said.forEach((one) => shown.has(one.id) || showSaid(one));
    const isSilent = state.over || me.has_said_enough;
    part("text").disabled = part("send").disabled = part("enough").disabled = isSilent;
    part("time-left").hidden = state.over;
    if (state.over) end();
    else if (me.has_said_enough) part("end-note").textContent = "Waiting for the others to finish.";
  }

  function showPeople(people) {
    const items = people.map((person) => {
      const item = document.createElement("li");
      const notes = [person.id === me.id && "you", !person.is_here && "away", person.has_said_enough && "done"].filter(Boolean);
      item.textContent = notes.length ? `${person.name} (${notes.join(", ")})` : person.name;
      item.classList.toggle("is-away", !person.is_here);
      return item;
    });
    part("people").replaceChildren(...items);
  }

  function showSaid(one) {
    shown.add(one.id);
    part("nothing-yet")?.remove();
    const log = part("log");
    const wasAtTheEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    const line = document.createElement("p");
    line.className = one.from === me.id ? "said is-mine" : "said";
    const name = document.createElement("b");
    name.textContent = one.from === me.id ? `${one.name} (you)` : one.name;
    line.append(name, one.text);
    log.append(line);
    if (typing.get(one.name)) stopTyping(one.name);
    if (wasAtTheEnd || one.from === me.id) log.scrollTop = log.scrollHeight;
  }

  function end() {
    clearInterval(ticking);
    part("end-note").textContent = "The chat has ended. Thank you!";
    part("enough").hidden = true;
    if (!part("go-on").hidden) return;
    part("go-on").hidden = false;
    part("go-on").focus();
    channel.close();
  }

  // Who is typing

  const typing = new Map();

  function showTyping() {
    const names = [...typing.keys()];
    const verb = names.length === 1 ? "is" : "are";
    part("typing").textContent = names.length ? `${names.join(" and ")} ${verb} typing …` : "";
  }

  function stopTyping(name) {
    clearTimeout(typing.get(name));
    typing.delete(name);
    showTyping();
  }

  function hearTyping(name) {
    clearTimeout(typing.get(name));
    typing.set(name, setTimeout(() => stopTyping(name), TYPING_SHOWN_MS));
    showTyping();
  }

  let toldAt = 0;

  function tellTyping() {
    if (Date.now() - toldAt < TYPING_TOLD_EVERY_MS) return;
    toldAt = Date.now();
    channel.send({ typing: me.name }, { onlyNow: true });
  }

  function hear(data, { own }) {
    if (data.news) refresh();
    else if (typeof data.typing === "string" && !own) hearTyping(data.typing.slice(0, 20));
  }

  // Saying something

  function say(event) {
    event.preventDefault();
    const text = part("text").value.trim();
    if (!text || part("send").disabled) return;
    part("send").disabled = true;
    part("problem").hidden = true;
    dallinger.createInfo(me.id, { contents: text, info_type: "Utterance" }).done(() => {
      part("text").value = "";
      draft.clear();
      toldAt = 0;
      refresh();
    }).fail((rejection) => {
      part("problem").textContent = rejection.errorText;
      part("problem").hidden = false;
    }).always(() => {
      part("send").disabled = part("text").disabled;
      part("text").focus();
    });
  }

  function tick() {
    const seconds = Math.max(0, Math.round((endsAt - Date.now()) / 1000));
    part("time-left").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left`;
    if (seconds === 0 && endsAt) refresh();
  }

  const ticking = setInterval(tick, 1000);
  const draft = petri.draft("message");
  draft.follow(part("text"));
  part("say").addEventListener("submit", say);
  part("text").addEventListener("input", tellTyping);
  part("enough").addEventListener("click", () => dallinger.post("/enough").done(refresh).fail(dallinger.error));
  part("go-on").addEventListener("click", goOn);

  // A participant who already has a place continues there, even if this browser has forgotten it.
  function join() {
    if (dallinger.skip_experiment) return goOn();
    dallinger.get("/talk").done((found) => (found.joined ? begin(found.network) : takeAPlace())).fail(dallinger.error);
  }

  function takeAPlace() {
    dallinger.createAgent().done(({ node }) => begin(node.network_id))
      .fail((rejection) => (rejection.status === 403 ? goOn() : dallinger.error(rejection)));
  }

  function begin(network) {
    channel = petri.channel(`network-${network}`).on("open", refresh).on("message", hear);
    part("text").focus();
  }

  dallinger.preventExit = true;
  dallinger.createParticipant().done(join);
})();
