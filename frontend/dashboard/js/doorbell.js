// Refreshes the live part of a page: when its socket rings, and by the clock while it has no socket.
(() => {
  const TICK = 1_000;
  const HEARTBEAT = 30_000;
  /** How long a server may take to notice a new socket; until then the clock refreshes as well. */
  const SETTLES = 12_000;
  /** A ring can be lost, so even with a socket the page asks now and then. */
  const SAFETY = 60_000;
  const LONGEST_PAUSE = 60_000;

  /** @type {WebSocket | null} */
  let socket = null;
  let openedAt = 0;
  let refreshedAt = Date.now();
  let failures = 0;
  /** Rings refresh a page five times as often as its clock at most: a page that costs much has a slow clock. */
  let ringPause = TICK;
  /** What asks for a refresh that hasn't been made yet; "" for nothing. */
  let waiting = "";

  const parts = () => /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-live][data-seconds]"));
  const note = (state) => {
    document.documentElement.dataset.doorbell = state;
  };

  const refresh = (cause) => {
    waiting = "";
    refreshedAt = Date.now();
    document.documentElement.dataset.refreshedBy = cause;
    for (const part of parts()) part.dispatchEvent(new CustomEvent("petri-refresh"));
  };

  /** Whether rings suffice: a part with `data-clock` shows things that ring nothing, such as presence. */
  const isListening = () =>
    socket?.readyState === WebSocket.OPEN &&
    Date.now() - openedAt > SETTLES &&
    ![...parts()].some((part) => part.hasAttribute("data-clock"));

  const secondsBetween = () => Math.min(...[...parts()].map((part) => Number(part.dataset.seconds) || 5));

  /** Refresh if it is time; a page in the background waits until it is seen again. */
  const tick = () => {
    if (document.hidden) return;
    const pause = isListening() ? SAFETY : secondsBetween() * 1_000;
    const passed = Date.now() - refreshedAt;
    if (waiting && passed >= (waiting === "ring" ? ringPause : TICK)) refresh(waiting);
    else if (passed >= pause) refresh("clock");
  };

  // The reader types in the live part, or has selected rows there: it is refreshed when they have finished.
  document.addEventListener("petri-held", () => {
    waiting = "held";
  });

  const connectLater = () => {
    socket = null;
    note("closed");
    const pause = Math.min(LONGEST_PAUSE, 1_000 * 2 ** failures);
    failures += 1;
    // Pages that lost their sockets at the same moment don't all come back at the same moment.
    setTimeout(connect, pause * (0.5 + Math.random() / 2));
  };

  const connect = async () => {
    if (document.hidden) {
      document.addEventListener("visibilitychange", connect, { once: true });
      return;
    }
    const csrf = /** @type {HTMLInputElement | null} */ (document.querySelector("input[name=csrf]"))?.value ?? "";
    try {
      const answer = await fetch("/dashboard/doorbell", { method: "POST", body: new URLSearchParams({ csrf }) });
      if (!answer.ok) throw new Error(String(answer.status));
      socket = new WebSocket((await answer.json()).address);
    } catch {
      connectLater();
      return;
    }
    socket.addEventListener("open", () => {
      openedAt = Date.now();
      note("open");
    });
    socket.addEventListener("message", (event) => {
      if (String(event.data).startsWith("operator:")) waiting = "ring";
    });
    socket.addEventListener("close", () => {
      if (openedAt && Date.now() - openedAt > SETTLES) failures = 0;
      openedAt = 0;
      connectLater();
    });
  };

  const beat = () => {
    if (socket?.readyState === WebSocket.OPEN) socket.send('petri:{"type": "heartbeat"}');
  };

  const start = () => {
    if (parts().length === 0) return;
    ringPause = Math.max(TICK, secondsBetween() * 200);
    setInterval(tick, TICK);
    setInterval(beat, HEARTBEAT);
    connect();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
