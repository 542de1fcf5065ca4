/**
 * `petri.live`: messages between the page of a live element or a chat and the study.
 *
 *     petri.live.on("message", show, signal).on("snapshot", showAll, signal);
 *     petri.live.send({ price: 5 }).catch(({ errorText }) => say(errorText));
 *
 * `message` gets the data of `group.tell` and `player.tell`, on the page of a wait too. Data that were sent while the socket was closed are lost, so
 * `snapshot` then gets what the study's `snapshot` returns now. A classic script, which the study's page loads.
 */
(function () {
  "use strict";
  const { dallinger } = window;
  if (window.petri.live) return;

  const SOCKET = "quorum"; // each socket of a participant has this channel
  const POLL_MS = 3000; // while there is no socket

  const listeners = { message: new Set(), snapshot: new Set() };
  const study = () => window.petri.study; // other scripts replace window.petri
  const current = () => study().current;

  /** Send an object to the study; the promise is rejected with the server's error. */
  function send(message) {
    return new Promise((done, fail) => {
      dallinger.post("/page/live", { serial: current().serial, message }).done((answer) => {
        if (answer.stale) study().refresh(); // another page is due
        done(!answer.stale);
      }).fail(fail);
    });
  }

  /** Add a listener for `message` or `snapshot`, until the signal ends. */
  function on(event, act, signal) {
    if (!(event in listeners)) throw new Error(`petri.live has no event "${event}"; use message or snapshot.`);
    listeners[event].add(act);
    signal?.addEventListener("abort", () => listeners[event].delete(act), { once: true });
    watch();
    return window.petri.live;
  }

  function tell(event, data) {
    for (const act of listeners[event]) {
      try {
        act(data);
      } catch (error) {
        setTimeout(() => { throw error; });
      }
    }
  }

  /** Request the page again, and pass its data to the listeners if it is still due. */
  function catchUp() {
    if (!listeners.snapshot.size && !listeners.message.size) return;
    const { serial } = current();
    dallinger.get("/page").done((page) => {
      if (page.serial !== serial) study().refresh();
      else if (current().serial === serial) tell("snapshot", page.data);
    });
  }

  let socket = null;

  function watch() {
    if (socket) return;
    socket = window.petri.channel(SOCKET);
    // Messages between the page's request and the opened socket are lost too.
    socket.on("open", catchUp);
    setInterval(() => socket.state === "open" || document.hidden || catchUp(), POLL_MS);
  }

  document.addEventListener("petri:live", ({ detail }) => tell("message", detail));
  // A wait asks for its page again and again.
  document.addEventListener("petri:snapshot", ({ detail }) => tell("snapshot", detail));
  window.petri = { ...window.petri, live: { send, on } };
})();
