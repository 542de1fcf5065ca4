// Draws a jar with a number of beans, all of them visible. The same number always gives the same picture.
// biome-ignore lint/correctness/noUnusedVariables: vox.js uses it; both are classic scripts of one page.
const Beans = (function () {
  "use strict";
  const ACROSS = 19;
  const STEP = 29;
  const ROW = 25;
  const COLOURS = ["#7b2d26", "#a4503c", "#5c3a21", "#c98f55", "#3f5d45", "#d9b36c"];

  // A small generator with a seed (mulberry32), so that all members of a group see the same jar.
  function draws(seed) {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  function glass(pen) {
    pen.lineWidth = 8;
    pen.strokeStyle = "#9db3ba";
    pen.fillStyle = "#f3f8f9";
    pen.beginPath();
    pen.roundRect(24, 60, 592, 740, [26, 26, 60, 60]);
    pen.fill();
    pen.stroke();
    pen.fillStyle = "#b9c9ce";
    pen.beginPath();
    pen.roundRect(60, 14, 520, 46, 14);
    pen.fill();
  }

  function bean(pen, x, y, draw) {
    pen.save();
    pen.translate(x, y);
    pen.rotate(draw() * Math.PI);
    pen.fillStyle = COLOURS[Math.floor(draw() * COLOURS.length)];
    pen.strokeStyle = "rgb(30 20 10 / 45%)";
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.ellipse(0, 0, 14.5, 10.5, 0, 0, 2 * Math.PI);
    pen.fill();
    pen.stroke();
    pen.restore();
  }

  function draw(canvas, count) {
    const pen = canvas.getContext("2d");
    const drawn = draws(count);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    glass(pen);
    for (let place = 0; place < count; place += 1) {
      const row = Math.floor(place / ACROSS);
      const x = 52 + (place % ACROSS) * STEP + (row % 2 ? STEP / 2 : 0) + (drawn() - 0.5) * 9;
      const y = 778 - row * ROW + (drawn() - 0.5) * 7;
      bean(pen, Math.min(598, x), y, drawn);
    }
  }

  return { draw };
})();
