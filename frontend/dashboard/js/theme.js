// Runs before the page is shown: applies the colours that the reader chose, and marks that scripts run.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const chosen = localStorage.getItem("petri-theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // A browser that keeps no data follows the system's colours.
  }
})();
