/**
 * Time on a page: the countdown to the server's limit, the seconds before the button works, and loading media before a
 * page is shown. Times come from `performance.now()`, which no change of the clock disturbs. A classic script.
 */
(function () {
  "use strict";
  const { petri } = window;
  if (petri.study?.countdown) return;
  const { text } = petri.study;

  const LOADING_AT_MOST_MS = 10000; // the server adds at most this to a page's time limit
  const ANNOUNCED_S = new Set([60, 30, 10]); // announced to screen readers; announcing each second would drown everything else
  const HURRY_S = 10;
  const part = (id) => document.getElementById(id);

  function inMinutes(seconds) {
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  function announce(seconds) {
    part("announcer").textContent = text("{n} seconds left", { n: seconds });
  }

  /** Count down to a moment of `performance.now()`, and call `atEnd` then; returns a function that stops it. */
  function countdown(deadline, atEnd) {
    const timer = part("timer");
    let shownSeconds = Number.POSITIVE_INFINITY;
    let ending;
    const tick = () => {
      const remaining = Math.max(0, deadline - performance.now());
      const seconds = Math.ceil(remaining / 1000);
      if (seconds !== shownSeconds) {
        part("timer-left").textContent = inMinutes(seconds);
        timer.classList.toggle("hurry", seconds <= HURRY_S);
        if (seconds < shownSeconds && ANNOUNCED_S.has(seconds) && shownSeconds !== Number.POSITIVE_INFINITY) announce(seconds);
        shownSeconds = seconds;
      }
      if (remaining > 0) {
        ending = setTimeout(tick, Math.min(remaining, remaining % 1000 || 1000));
        return;
      }
      stop();
      atEnd();
    };
    const stop = () => {
      clearTimeout(ending);
      document.removeEventListener("visibilitychange", tickNow);
      timer.hidden = true;
    };
    const tickNow = () => {
      clearTimeout(ending);
      tick(); // the browser may have throttled the timers of a page in the background
    };
    document.addEventListener("visibilitychange", tickNow);
    timer.hidden = false;
    tick();
    return stop;
  }

  /** Hold the button back for some seconds; returns a function that ends it. */
  function holdBack(button, seconds) {
    if (!(seconds > 0)) return () => undefined;
    const until = performance.now() + seconds * 1000;
    const label = button.textContent;
    let waiting;
    const release = () => {
      clearTimeout(waiting);
      button.removeAttribute("aria-disabled");
      delete button.dataset.heldUntil;
      button.textContent = label;
    };
    const tick = () => {
      const remaining = Math.ceil((until - performance.now()) / 1000);
      if (remaining <= 0) return release();
      button.textContent = `${label} (${remaining})`;
      waiting = setTimeout(tick, Math.max(50, (until - performance.now()) % 1000));
    };
    button.setAttribute("aria-disabled", "true");
    button.dataset.heldUntil = String(until);
    tick();
    return release;
  }

  function loadPicture(address) {
    return new Promise((done) => {
      const picture = new Image();
      picture.onload = picture.onerror = done;
      picture.src = address;
    });
  }

  const loadFile = (address) => fetch(address).then((response) => response.blob()).catch(() => undefined);

  const isPicture = (address) => /\.(avif|gif|jpe?g|png|svg|webp)(\?|$)/i.test(address);

  /** Wait for what is being loaded, for ten seconds at most: a connection that hangs must not hold up the page. */
  const inTime = (loading) => Promise.race([loading, new Promise((done) => setTimeout(done, LOADING_AT_MOST_MS))]);

  /** Load media before the page is shown, for ten seconds at most; resolves to the seconds that it took. */
  async function preload(addresses) {
    if (!addresses?.length) return 0;
    const began = performance.now();
    const loading = Promise.all(addresses.map((address) => (isPicture(address) ? loadPicture(address) : loadFile(address))));
    await inTime(loading);
    return Math.min(performance.now() - began, LOADING_AT_MOST_MS) / 1000;
  }

  const MOMENT = /** @type {const} */ ({ dateStyle: "full", timeStyle: "short" });

  /** Show moments in the participant's language and time zone. */
  function showLocalTimes(root, language) {
    for (const element of root.querySelectorAll("time[data-local]")) {
      const moment = new Date(element.dateTime);
      const zone = new Intl.DateTimeFormat(language || "en", { timeZoneName: "short" }).formatToParts(moment).find(({ type }) => type === "timeZoneName");
      element.textContent = `${new Intl.DateTimeFormat(language || "en", MOMENT).format(moment)}${zone ? ` (${zone.value})` : ""}`;
    }
  }

  window.petri = { ...petri, study: { ...petri.study, countdown, holdBack, inTime, preload, inMinutes, showLocalTimes } };
})();
