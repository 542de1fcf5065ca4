// The page of the experiment: a drawing to look at, then a sheet to draw it again, until no drawing is left.
(function () {
  "use strict";
  // The server takes contents of 300 KB; a little is left for what it adds.
  const MOST_CHARACTERS = 290000;
  const COARSER = [1, 2, 4];
  const part = (id) => /** @type {PagePart} */ (document.getElementById(id));
  const shown = new Sketch(part("story"));
  const board = new Sketch(part("reproduction"));
  let nodeId = null;
  let draft = null;

  const written = (strokes) => JSON.stringify({ size: Sketch.SIZE, strokes });

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
      // A participant who reloads the page while drawing does not get to see the picture again.
      if (draft.seen) return redraw();
      const { strokes } = JSON.parse(answer.infos[answer.infos.length - 1].contents);
      shown.show(strokes);
      part("story").setAttribute("aria-label", `A line drawing of ${strokes.length} strokes. This task requires sight.`);
      show("stimulus");
      return part("look-heading").focus();
    }).fail(dallinger.error);
  }

  function redraw() {
    shown.show([]);
    draft.markSeen();
    board.show(draft.value || []);
    complain("");
    busy(false);
    tellPen(null, false);
    show("response-form");
    part("draw-heading").focus();
  }

  function busy(isBusy) {
    for (const id of ["submit-response", "undo", "clear"]) part(id).disabled = isBusy;
    part("submit-response").textContent = isBusy ? "Sending …" : "Submit";
  }

  function complain(sentence) {
    part("reproduction-problem").textContent = sentence;
    part("reproduction-problem").hidden = !sentence;
  }

  function tellPen(place, isDown) {
    part("pen").textContent = place ? `The pen is ${isDown ? "down" : "up"}, at ${place[0]} across and ${place[1]} down.` : "";
  }

  // A long scribble is sent a little coarser before it is refused; null when even that is too much.
  function contents() {
    const whole = written(board.strokes);
    if (whole.length <= MOST_CHARACTERS) return whole;
    const coarser = COARSER.map((step) => written(board.strokes.map((stroke) => Sketch.simplified(stroke, step))));
    return coarser.find((text) => text.length <= MOST_CHARACTERS) || null;
  }

  function submit() {
    complain("");
    board.liftPen();
    if (!board.strokes.length) return complain("The sheet is still empty. Please draw what you remember, even if it is not much.");
    const text = contents();
    if (!text) return complain("This drawing is too large to store. Please undo some strokes and submit it again.");
    busy(true);
    return dallinger.createInfo(nodeId, { contents: text, info_type: "Info" }).done(() => {
      draft.clear();
      ask();
    }).fail((rejection) => {
      if (rejection.status > 0 && rejection.status < 500) return dallinger.error(rejection);
      busy(false);
      return complain("Your drawing could not be sent. It is still here. Please check your connection and submit it again.");
    });
  }

  dallinger.preventExit = true;
  board.listen();
  board.onpen = tellPen;
  board.onchange = (strokes) => draft.keep(strokes);
  part("finish-reading").addEventListener("click", redraw);
  part("undo").addEventListener("click", () => board.undo());
  part("clear").addEventListener("click", () => board.clear());
  part("submit-response").addEventListener("click", submit);
  ask();
})();
