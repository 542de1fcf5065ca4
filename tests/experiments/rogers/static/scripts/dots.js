// One round after the other: look at the dots or learn what another participant chose, then choose.
(function () {
  "use strict";
  const DOTS = 80;
  const SHOWN_MS = 1000;
  const COLUMNS = 10;
  const COLOURS = { blue: "#1646a8", yellow: "#ffd23f" };
  const part = (id) => /** @type {PagePart} */ (document.getElementById(id));
  /** @type {NodeListOf<HTMLButtonElement>} */
  const found = document.querySelectorAll(".choice");
  const choices = [...found];
  const { practice, rounds } = part("rounds").dataset;
  let node = null;
  let draft = null;

  // A small generator with the node's number as seed: a picture can be drawn again from the data.
  function generator(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  }

  function shuffled(items, draw) {
    const mixed = [...items];
    for (let last = mixed.length - 1; last > 0; last -= 1) {
      const other = Math.floor(draw() * (last + 1));
      [mixed[last], mixed[other]] = [mixed[other], mixed[last]];
    }
    return mixed;
  }

  function drawDots(shareOfBlue, seed) {
    const canvas = part("dots");
    const pen = canvas.getContext("2d");
    const draw = generator(seed);
    const blue = Math.round(DOTS * shareOfBlue);
    const colours = shuffled([...Array(DOTS).keys()].map((n) => (n < blue ? COLOURS.blue : COLOURS.yellow)), draw);
    const [width, height] = [canvas.width / COLUMNS, canvas.height / (DOTS / COLUMNS)];
    pen.clearRect(0, 0, canvas.width, canvas.height);
    colours.forEach((colour, n) => {
      const radius = 10 + 6 * draw();
      const x = width * (n % COLUMNS) + radius + draw() * (width - 2 * radius);
      const y = height * Math.floor(n / COLUMNS) + radius + draw() * (height - 2 * radius);
      pen.fillStyle = colour;
      pen.beginPath();
      pen.arc(x, y, radius, 0, 2 * Math.PI);
      pen.fill();
    });
  }

  function show(id) {
    for (const other of ["loading", "asocial", "social"]) part(other).hidden = other !== id;
  }

  function mayChoose(may) {
    choices.forEach((button) => { button.disabled = !may; });
  }

  function tellRound() {
    const played = petri.draft("rounds");
    const seen = played.value || [];
    if (!seen.includes(node.id)) seen.push(node.id);
    played.keep(seen);
    const kind = seen.length <= Number(practice) ? " (practice)" : "";
    part("round").textContent = `Round ${seen.length} of ${rounds}${kind}`;
  }

  function nextRound() {
    show("loading");
    mayChoose(false);
    dallinger.createAgent().done((answer) => {
      node = answer.node;
      draft = petri.draft(node.id);
      tellRound();
      learn();
    }).fail((rejection) => {
      if (rejection.status !== 403) return dallinger.error(rejection);
      dallinger.allowExit();
      return dallinger.goToPage("questionnaire");
    });
  }

  function learn() {
    dallinger.getReceivedInfos(node.id).done((answer) => {
      const learned = answer.infos[answer.infos.length - 1];
      part("question").focus();
      if (learned.type === "meme") return ask(learned.contents);
      return offer(Number(learned.contents));
    }).fail(dallinger.error);
  }

  function ask(colour) {
    part("advice").textContent = `more ${colour}`;
    show("social");
    mayChoose(true);
  }

  function offer(shareOfBlue) {
    show("asocial");
    // The picture is shown once: a reload does not bring it back.
    if (draft.seen) return haveSeen();
    stage("offer");
    part("look").focus();
    part("look").onclick = () => {
      draft.markSeen();
      drawDots(shareOfBlue, node.id);
      stage("dots");
      // The dots are shown for one second, which leaves no time to scroll.
      part("dots").scrollIntoView({ block: "center" });
      setTimeout(haveSeen, SHOWN_MS);
    };
    return undefined;
  }

  // The focus goes to the question, not to a button, so that the key that showed the dots doesn't answer.
  function haveSeen() {
    stage("seen");
    mayChoose(true);
    part("question").focus();
  }

  function stage(id) {
    for (const other of ["offer", "dots", "seen"]) part(other).hidden = other !== id;
  }

  function choose(colour) {
    mayChoose(false);
    dallinger.createInfo(node.id, { contents: colour, info_type: "Meme" }).done(() => {
      draft.clear();
      nextRound();
    }).fail(dallinger.error);
  }

  dallinger.preventExit = true;
  choices.forEach((button) => button.addEventListener("click", () => choose(button.dataset.choice)));
  document.addEventListener("keydown", (event) => {
    const button = choices.find(({ dataset }) => dataset.choice[0] === event.key.toLowerCase());
    const isShortcut = event.ctrlKey || event.metaKey || event.altKey || event.repeat;
    if (button && !button.disabled && !isShortcut) choose(button.dataset.choice);
  });
  nextRound();
})();
