// Downloads the workbook: API Gateway sends bytes only to a client that asks for them, which a link doesn't.
(() => {
  const link = document.querySelector("[data-workbook]");
  if (!(link instanceof HTMLAnchorElement)) {
    return;
  }
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    const response = await fetch(link.href, { headers: { Accept: "application/octet-stream" } });
    if (response.headers.get("Content-Type") !== "application/octet-stream") {
      // A page says what is wrong, or that the session has ended.
      location.assign(link.href);
      return;
    }
    const file = document.createElement("a");
    file.href = URL.createObjectURL(await response.blob());
    const [number, name] = link.pathname.split("/").slice(-2);
    file.download = name.replace(".", `-${number}.`);
    file.click();
    URL.revokeObjectURL(file.href);
  });
})();

// Moves between the cells of a gradebook with the arrow keys: the grid is one stop of the Tab key.
(() => {
  const grid = document.querySelector("[data-grid]");
  if (!(grid instanceof HTMLTableElement)) {
    return;
  }
  const rows = [...grid.tBodies[0].rows].map((row) => [...row.querySelectorAll("a")]);

  const makeStop = (cell) => {
    for (const other of grid.querySelectorAll("tbody a[tabindex='0']")) {
      other.setAttribute("tabindex", "-1");
    }
    cell.setAttribute("tabindex", "0");
  };

  for (const cell of rows.flat()) {
    cell.setAttribute("tabindex", "-1");
  }
  rows[0]?.[0]?.setAttribute("tabindex", "0");

  /** Return the row and the column of the cell in which something happens; -1 outside of the cells. */
  const placeOf = (event) => {
    const cell = event.target instanceof HTMLAnchorElement ? event.target : null;
    const row = cell === null ? -1 : rows.findIndex((cells) => cells.includes(cell));
    return [row, cell === null || row < 0 ? -1 : rows[row].indexOf(cell)];
  };

  /** Where each key leads from a cell: a row and a column, which may lie outside of the grid. */
  const targets = {
    ArrowUp: (row, column) => [row - 1, column],
    ArrowDown: (row, column) => [row + 1, column],
    ArrowLeft: (row, column) => [row, column - 1],
    ArrowRight: (row, column) => [row, column + 1],
    Home: (row) => [row, 0],
    End: (row) => [row, rows[row].length - 1],
    PageUp: (_row, column) => [0, column],
    PageDown: (_row, column) => [rows.length - 1, column],
  };

  grid.addEventListener("keydown", (event) => {
    const [row, column] = placeOf(event);
    const target = targets[event.key];
    if (row < 0 || target === undefined || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const [below, beside] = target(row, column);
    const cell = rows[below]?.[beside];
    if (cell !== undefined) {
      event.preventDefault();
      makeStop(cell);
      cell.focus();
    }
  });
  grid.addEventListener("focusin", (event) => {
    const [row, column] = placeOf(event);
    if (row >= 0) {
      makeStop(rows[row][column]);
    }
  });
})();
