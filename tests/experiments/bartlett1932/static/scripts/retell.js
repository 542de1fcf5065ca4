// The page of the experiment: a story to read, then a field to write it down from memory, until no story is left.
(function () {
  "use strict";
  const part = (id) => /** @type {PagePart} */ (document.getElementById(id));
  const field = part("reproduction");
  const minimumWords = Number(field.dataset.minimumWords);
  let nodeId = null;
  let draft = null;

  const countWords = () => field.value.trim().split(/\s+/).filter(Boolean).length;

  function show(id) {
    for (const other of ["loading", "stimulus", "response-form"]) part(other).hidden = other !== id;
    window.scrollTo(0, 0);
  }

  function ask() {
    show("loading");
    dallinger.createAgent().done((answer) => {
      nodeId = answer.node.id;
      draft = petri.draft(nodeId);
      receive();
    }).fail((rejection) => {
      if (rejection.status !== 403) return dallinger.error(rejection);
      dallinger.allowExit();
      return dallinger.goToPage("questionnaire");
    });
  }

  function receive() {
    dallinger.getReceivedInfos(nodeId).done((answer) => {
      // A participant who reloads the page while writing does not get to read the story again.
      if (draft.seen) return write();
      part("story").textContent = answer.infos[answer.infos.length - 1].contents;
      show("stimulus");
      return part("read-heading").focus();
    }).fail(dallinger.error);
  }

  function write() {
    part("story").textContent = "";
    draft.markSeen();
    field.value = "";
    draft.follow(field);
    tellWords();
    busy(false);
    show("response-form");
    field.focus();
  }

  function tellWords() {
    const words = countWords();
    part("words").textContent = words ? `${words} ${words === 1 ? "word" : "words"}` : "";
  }

  function busy(isBusy) {
    part("submit-response").disabled = isBusy;
    part("submit-response").textContent = isBusy ? "Sending …" : "Submit";
  }

  function complain(sentence) {
    const problem = part("reproduction-problem");
    problem.textContent = sentence;
    problem.hidden = !sentence;
    if (sentence) field.focus();
  }

  function submit(event) {
    event.preventDefault();
    complain("");
    if (countWords() < minimumWords) {
      return complain("That is very short. Please write down everything you remember, even if it is not much.");
    }
    busy(true);
    return dallinger.createInfo(nodeId, { contents: field.value.trim(), info_type: "Info" }).done(() => {
      draft.clear();
      ask();
    }).fail((rejection) => {
      if (rejection.status > 0 && rejection.status < 500) return dallinger.error(rejection);
      busy(false);
      return complain("Your text could not be sent. It is still here. Please check your connection and submit it again.");
    });
  }

  dallinger.preventExit = true;
  part("finish-reading").addEventListener("click", write);
  part("response-form").addEventListener("submit", submit);
  field.addEventListener("input", tellWords);
  ask();
})();
