// Runs before the page is shown: applies the colours that the reader chose, and marks that scripts run.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  // Users keep their choice with their account; the browser's copy of it is for the sign-in page.
  const preferred = root.dataset.preferredTheme;
  try {
    if (preferred) localStorage.setItem("petri-theme", preferred);
    const chosen = preferred ?? localStorage.getItem("petri-theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // A browser that keeps no data follows the system's colours.
  }

  /** A format of moments in the time zone that the reader prefers, if the browser knows it. */
  window.petriTimeFormat = (parts) => {
    try {
      return new Intl.DateTimeFormat("en-GB", { ...parts, timeZone: root.dataset.timeZone || undefined });
    } catch {
      return new Intl.DateTimeFormat("en-GB", parts);
    }
  };
})();
