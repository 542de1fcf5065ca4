// Draws a jar with a number of beans, all of them visible. The same number always gives the same picture.
const ACROSS = 19, STEP = 29, ROW = 25;
const COLOURS = ["#7b2d26", "#a4503c", "#5c3a21", "#c98f55", "#3f5d45", "#d9b36c"];

// A small generator with a seed (mulberry32), so that all members of a group see the same jar.
function draws(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shape(pen, fill, add) {
  pen.fillStyle = fill;
  pen.beginPath();
  add();
  pen.fill();
}

export default function drawJar({ element }) {
  const canvas = element.querySelector("canvas");
  const count = Number(canvas.dataset.beans);
  const pen = canvas.getContext("2d");
  const draw = draws(count);
  shape(pen, "#f3f8f9", () => pen.roundRect(24, 60, 592, 740, [26, 26, 60, 60]));
  pen.lineWidth = 8;
  pen.strokeStyle = "#9db3ba";
  pen.stroke();
  shape(pen, "#b9c9ce", () => pen.roundRect(60, 14, 520, 46, 14));
  pen.lineWidth = 1.5;
  pen.strokeStyle = "rgb(30 20 10 / 45%)";
  for (let place = 0; place < count; place += 1) {
    const row = Math.floor(place / ACROSS);
    const x = Math.min(598, 52 + (place % ACROSS) * STEP + (row % 2 ? STEP / 2 : 0) + (draw() - 0.5) * 9);
    const y = 778 - row * ROW + (draw() - 0.5) * 7;
    const turn = draw() * Math.PI;
    shape(pen, COLOURS[Math.floor(draw() * COLOURS.length)], () => pen.ellipse(x, y, 14.5, 10.5, turn, 0, 2 * Math.PI));
    pen.stroke();
  }
}
