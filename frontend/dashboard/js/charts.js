// Draws the charts of a page with uPlot, from the data that the server wrote beside them.
(() => {
  /** @typedef {{ times: number[], arrived: number[], completed: number[] }} Series */
  const drawn = new Map();

  const colour = (name) => {
    // A colour of light-dark() is resolved by the browser, on an element that has it.
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };

  const clock = window.petriTimeFormat({ hour: "2-digit", minute: "2-digit" });
  const second = window.petriTimeFormat({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const day = window.petriTimeFormat({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

  /** Label points in time as finely as the distance between them needs. */
  const labelsOf = (_plot, points) => {
    const step = points.length > 1 ? points[1] - points[0] : 60;
    const format = step < 60 ? second : step < 6 * 3600 ? clock : day;
    return points.map((point) => format.format(point * 1000));
  };

  const options = (width) => {
    const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    return {
      width,
      height: 230,
      cursor: { drag: { x: false, y: false } },
      axes: [{ ...axis, values: labelsOf, space: 80 }, { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] }],
      scales: { y: { range: (_plot, _least, most) => [0, Math.max(4, most * 1.08)] } },
      series: [
        { label: "time", value: (_plot, point) => (point === null ? "" : day.format(point * 1000)) },
        { label: "arrived", stroke: colour("--quiet"), width: 1.5, dash: [4, 3], points: { show: false } },
        { label: "completed", stroke: colour("--accent"), width: 2.5, points: { show: false } },
      ],
    };
  };

  const draw = (frame) => {
    const text = frame.dataset.chart;
    const known = drawn.get(frame);
    const width = frame.clientWidth;
    if (known?.text === text && known.width === width && known.theme === document.documentElement.dataset.theme) return;
    /** @type {Series} */
    const series = JSON.parse(text);
    const place = frame.querySelector(".chart");
    place.replaceChildren();
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", frame.dataset.label);
    const plot = new window.uPlot(options(width), [series.times, series.arrived, series.completed], place);
    drawn.set(frame, { text, width, theme: document.documentElement.dataset.theme, plot });
  };

  const drawAll = () => {
    for (const frame of document.querySelectorAll("[data-chart]")) draw(frame);
  };

  const redrawAll = () => {
    drawn.clear();
    drawAll();
  };

  document.addEventListener("petri-live", drawAll);
  document.addEventListener("petri-theme", redrawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
  window.addEventListener("resize", drawAll);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", drawAll);
  else drawAll();
})();
