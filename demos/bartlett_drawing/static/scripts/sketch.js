/**
 * A small drawing board: strokes on a square canvas, by pointer or by keyboard.
 *
 * What is drawn are strokes [[x, y, x, y, ...], ...] in whole numbers on a sheet of SIZE by SIZE, whatever the size of
 * the canvas on the screen. `onchange` is called when a stroke was added or taken away.
 */
// biome-ignore lint/correctness/noUnusedVariables: redraw.js uses it; both are classic scripts of one page.
class Sketch {
  static SIZE = 400;
  static LINE_WIDTH = 3.5;
  static KEY_STEP = 4;
  static KEY_LEAP = 20;

  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.strokes = [];
    this.current = null;
    this.cursor = null;
    this.isPenDown = false;
    /** @type {(strokes: number[][]) => void} */
    this.onchange = () => {};
    /** @type {(place: number[] | null, isDown: boolean) => void} */
    this.onpen = () => {};
  }

  /** Let people draw on it. */
  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => this.finish());
    canvas.addEventListener("keydown", (event) => this.press(event));
    canvas.addEventListener("blur", () => this.liftPen());
  }

  show(strokes) {
    this.strokes = strokes;
    this.current = null;
    this.isPenDown = false;
    this.paint();
  }

  undo() {
    this.liftPen();
    this.strokes.pop();
    this.changed();
  }

  clear() {
    this.liftPen();
    this.strokes = [];
    this.changed();
  }

  changed() {
    this.paint();
    this.onchange(this.strokes);
  }

  /* ---- By pointer ---- */

  begin(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    event.preventDefault();
    this.liftPen();
    this.cursor = null;
    this.canvas.setPointerCapture(event.pointerId);
    this.current = [];
    this.add(event);
  }

  move(event) {
    if (!this.current || this.isPenDown || !event.isPrimary) return;
    const between = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    (between.length ? between : [event]).forEach((one) => this.add(one));
  }

  add({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    this.addPoint((clientX - box.left) / box.width * Sketch.SIZE, (clientY - box.top) / box.height * Sketch.SIZE);
  }

  addPoint(x, y) {
    const [whole, down] = [Sketch.onSheet(x), Sketch.onSheet(y)];
    const last = this.current.length - 2;
    if (last >= 0 && this.current[last] === whole && this.current[last + 1] === down) return;
    this.current.push(whole, down);
    this.paint();
  }

  finish() {
    if (!this.current || this.isPenDown) return;
    if (this.current.length) this.strokes.push(Sketch.simplified(this.current, 0.6));
    this.current = null;
    this.changed();
  }

  /* ---- By keyboard ---- */

  press(event) {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === " ") {
      event.preventDefault();
      if (this.isPenDown) this.liftPen();
      else this.lowerPen();
    } else if (ways[event.key]) {
      event.preventDefault();
      this.moveCursor(ways[event.key], event.shiftKey ? Sketch.KEY_LEAP : Sketch.KEY_STEP);
    }
  }

  moveCursor([across, down], step) {
    const [x, y] = this.cursor || [Sketch.SIZE / 2, Sketch.SIZE / 2];
    this.cursor = [Sketch.onSheet(x + across * step), Sketch.onSheet(y + down * step)];
    if (this.isPenDown) this.addPoint(...this.cursor);
    this.paint();
    this.onpen(this.cursor, this.isPenDown);
  }

  lowerPen() {
    this.cursor = this.cursor || [Sketch.SIZE / 2, Sketch.SIZE / 2];
    this.isPenDown = true;
    this.current = [];
    this.addPoint(...this.cursor);
    this.onpen(this.cursor, true);
  }

  liftPen() {
    if (!this.isPenDown) return;
    this.isPenDown = false;
    this.finish();
    this.onpen(this.cursor, false);
  }

  /* ---- On the canvas ---- */

  paint() {
    const scale = this.canvas.width / Sketch.SIZE;
    const { pen } = this;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, Sketch.SIZE, Sketch.SIZE);
    Object.assign(pen, { lineWidth: Sketch.LINE_WIDTH, lineCap: "round", lineJoin: "round", strokeStyle: "#1f2a30" });
    [...this.strokes, ...(this.current ? [this.current] : [])].forEach((stroke) => this.line(stroke));
    if (this.cursor) this.cross(this.cursor);
  }

  line(stroke) {
    this.pen.beginPath();
    this.pen.moveTo(stroke[0], stroke[1]);
    // A dot is a stroke of one point: a line to itself makes it seen.
    for (let at = Math.min(2, stroke.length - 2); at < stroke.length; at += 2) this.pen.lineTo(stroke[at], stroke[at + 1]);
    this.pen.stroke();
  }

  cross([x, y]) {
    Object.assign(this.pen, { lineWidth: 1, strokeStyle: this.isPenDown ? "#a3302b" : "#0b5c7a" });
    this.pen.strokeRect(x - 5, y - 5, 10, 10);
  }

  static onSheet(value) {
    return Math.round(Math.min(Math.max(value, 0), Sketch.SIZE));
  }

  /** The stroke without points that lie within `tolerance` of the line through their neighbours (Douglas, Peucker). */
  static simplified(stroke, tolerance) {
    const count = stroke.length / 2;
    if (count < 3) return stroke;
    const keep = new Set([0, count - 1]);
    const spans = [[0, count - 1]];
    while (spans.length) {
      const [first, last] = spans.pop();
      let [farthest, distance] = [0, tolerance];
      for (let point = first + 1; point < last; point += 1) {
        const away = Sketch.distance(stroke, point, first, last);
        if (away > distance) [farthest, distance] = [point, away];
      }
      if (farthest) {
        keep.add(farthest);
        spans.push([first, farthest], [farthest, last]);
      }
    }
    return [...keep].sort((a, b) => a - b).flatMap((point) => [stroke[2 * point], stroke[2 * point + 1]]);
  }

  static distance(stroke, point, first, last) {
    const [x, y, x1, y1, x2, y2] = [point, first, last].flatMap((at) => [stroke[2 * at], stroke[2 * at + 1]]);
    const length = Math.hypot(x2 - x1, y2 - y1);
    if (!length) return Math.hypot(x - x1, y - y1);
    const along = Math.min(1, Math.max(0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length ** 2));
    return Math.hypot(x - x1 - along * (x2 - x1), y - y1 - along * (y2 - y1));
  }
}
