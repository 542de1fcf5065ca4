/**
 * `petri.channel(name)`: messages between the members of a group and the experiment while the page is open.
 *
 *     const channel = petri.channel("network-3");
 *     channel.on("open", askForTheState).on("message", (data) => show(data));
 *     channel.send({ text: "Hello" });
 *
 * A classic script, so that pages can use it immediately. All channels of a participant share one socket, which reconnects
 * automatically. Frames sent in the meantime are lost, so the event "open" then tells the page to request the state again.
 * Frames are `<channel>:<data>`. Senders number objects in the field `_seq`, so that receivers can restore their order;
 * texts are sent unchanged.
 */
(function () {
  "use strict";
  if (window.petri?.channel) return;

  /** In milliseconds. */
  const timing = {
    heartbeat: 12000, // a participant who is silent for a minute loses their seat in the waiting room
    inOrderWithin: 2000, // how long a frame waits for the ones before it
    newSender: 300, // the same for a new sender, who may have sent frames before this page subscribed
    firstPause: 400,
    longestPause: 20000,
    renewAfter: 105 * 60000, // API Gateway closes every socket after two hours
    renewSpread: 10 * 60000, // jitter: a group that began together doesn't reconnect in the same second
  };
  const MOST_BYTES = 30 * 1024; // API Gateway accepts frames of up to 32 KB
  const MOST_A_SECOND = 20;
  const MOST_WAITING = 200;
  const REMEMBERED = 200; // how many received numbers of a sender are remembered
  const NEWS = "quorum"; // the platform's messages to participants; every socket subscribes to it
  const DOORBELL = "page"; // says that a study has another page for the participant
  const LIVE = "live"; // data of a study's live element or chat
  const PROTOCOL = "petri";
  const REFUSALS = new Set(["unknown_channel", "not_yours", "too_many_channels"]);
  const ME = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(36)).join("");

  /** Raised for messages that can't be sent: `errorCode` is stable, the message says what to do. */
  class ChannelError extends Error {
    constructor(errorCode, text) {
      super(text);
      this.name = "ChannelError";
      this.errorCode = errorCode;
    }
  }

  /* ---- Heartbeats ------------------------------------------------------------------------------------------ */

  const beats = new Set();
  let hasPulse = false;

  function onEachBeat(act) {
    beats.add(act);
    if (hasPulse) return;
    hasPulse = true;
    const beat = () => beats.forEach((each) => each());
    try {
      const worker = new Worker("/static/scripts/petri-pulse.js");
      worker.onmessage = beat;
      worker.onerror = () => setInterval(beat, timing.heartbeat);
      worker.postMessage(timing.heartbeat);
    } catch {
      setInterval(beat, timing.heartbeat); // workers are blocked
    }
    document.addEventListener("visibilitychange", () => document.hidden || beat());
  }

  /* ---- Order ----------------------------------------------------------------------------------------------- */

  /** Delivers the numbered frames of one sender in order, each once; skips frames that are missing for too long. */
  class Sequence {
    constructor(hand) {
      this.hand = hand;
      this.next = 1;
      this.isNew = true;
      this.held = new Map();
      this.known = new Set();
    }

    take(number, value) {
      if (this.known.has(number)) return;
      this.known.add(number);
      if (this.known.size > REMEMBERED) this.known.delete(this.known.values().next().value);
      if (number < this.next) return this.hand(value); // late, but not lost
      this.held.set(number, value);
      this.release();
    }

    release() {
      for (; this.held.has(this.next); this.next += 1) {
        const value = this.held.get(this.next);
        this.held.delete(this.next);
        this.isNew = false;
        this.hand(value);
      }
      clearTimeout(this.timer);
      if (this.held.size) this.timer = setTimeout(() => this.passOver(), this.isNew ? timing.newSender : timing.inOrderWithin);
    }

    passOver() {
      this.next = Math.min(...this.held.keys());
      this.release();
    }

    /** After a lost connection: the frames sent in the meantime will not arrive. */
    startAnew() {
      this.isNew = true;
    }
  }

  /* ---- A channel ------------------------------------------------------------------------------------------- */

  function parsed(text) {
    try {
      const value = JSON.parse(text);
      return typeof value === "object" && value !== null ? value : text;
    } catch {
      return text;
    }
  }

  /** One channel. Events: open ({again}), message (data, {own}), state (name), error (ChannelError), beat. */
  class Channel {
    constructor(line, name) {
      this.line = line;
      this.name = name;
      this.participantId = line.participantId;
      /** connecting, open, lost (reconnecting), refused or closed */
      this.state = "connecting";
      this.number = 0;
      this.handlers = { open: [], message: [], state: [], error: [], beat: [] };
      this.senders = new Map();
    }

    /** Add a listener for an event; returns the channel. On an open channel, "open" is called immediately. */
    on(event, act) {
      if (!(event in this.handlers)) throw new ChannelError("unknown_event", `A channel has no event "${event}".`);
      this.handlers[event].push(act);
      if (event === "open" && this.state === "open") queueMicrotask(() => act({ again: false }));
      return this;
    }

    /**
     * Publish an object or a text. Throws a ChannelError for more than 30 KB, for too many queued messages, and on a closed
     * channel. While disconnected, messages are queued; with {onlyNow: true} they are dropped, and false is returned.
     */
    send(data, { onlyNow = false } = {}) {
      if (this.state === "closed" || this.state === "refused") throw new ChannelError(this.state, `The channel ${this.name} is ${this.state}.`);
      if (onlyNow && !(this.state === "open" && this.line.isFree)) return false;
      this.line.say(`${this.name}:${this.written(data)}`);
      if (typeof data !== "string") this.number += 1;
      return true;
    }

    written(data) {
      if (typeof data === "string") return data;
      if (typeof data !== "object" || data === null || Array.isArray(data)) {
        throw new ChannelError("not_an_object", "Send an object or a text.");
      }
      return JSON.stringify({ ...data, _seq: [ME, this.number + 1] });
    }

    close() {
      if (this.state === "closed") return;
      this.becomes("closed");
      this.line.remove(this);
    }

    /* Called by the connection. */

    becomes(state) {
      if (this.state === state) return;
      this.state = state;
      this.tell("state", state);
    }

    opened() {
      const again = this.hasBeenOpen === true;
      this.hasBeenOpen = true;
      this.senders.forEach((sender) => sender.startAnew());
      this.becomes("open");
      this.tell("open", { again });
    }

    hear(text) {
      const data = parsed(text);
      const [sender, number] = Array.isArray(data._seq) ? data._seq : [];
      if (typeof sender !== "string" || !Number.isInteger(number)) return this.tell("message", data, { own: false });
      delete data._seq;
      if (!this.senders.has(sender)) {
        this.senders.set(sender, new Sequence((each) => this.tell("message", each, { own: sender === ME })));
      }
      this.senders.get(sender).take(number, data);
    }

    refused(error) {
      if (this.state !== "open" && REFUSALS.has(error.errorCode)) this.becomes("refused");
      if (this.handlers.error.length) this.tell("error", error);
      else console.error(`Channel ${this.name}: ${error.message}`);
    }

    // A listener that throws must not stop the other listeners, nor the next frame.
    tell(event, ...what) {
      for (const act of this.handlers[event]) {
        try {
          act(...what);
        } catch (error) {
          setTimeout(() => { throw error; });
        }
      }
    }
  }

  /* ---- The connection -------------------------------------------------------------------------------------- */

  /** One participant's socket and the channels on it. */
  class Line {
    constructor(participantId) {
      this.participantId = participantId;
      this.channels = new Map();
      this.waiting = [];
      this.sentAt = [];
      this.losses = 0;
      onEachBeat(() => this.beat());
      addEventListener("online", () => this.comeBackNow());
      document.addEventListener("visibilitychange", () => document.hidden || this.comeBackNow());
    }

    get isOpen() {
      return Boolean(this.socket) && this.hasOpened === true;
    }

    get isFree() {
      return this.isOpen && this.waiting.length === 0;
    }

    channel(name) {
      const known = this.channels.get(name);
      if (known && known.state !== "refused") return known;
      const channel = new Channel(this, name);
      this.channels.set(name, channel);
      if (this.isOpen) this.join(channel);
      else if (!this.socket && !this.returning) this.connect();
      return channel;
    }

    remove(channel) {
      this.channels.delete(channel.name);
      if (this.channels.size === 0) {
        this.finish(); // no channel is left: the page has finished
        this.hangUp();
      } else if (this.isOpen && channel.name !== NEWS) this.order("unsubscribe", channel.name);
    }

    hangUp() {
      clearTimeout(this.returning);
      clearTimeout(this.renewing);
      const { socket } = this;
      this.returning = this.socket = null;
      this.hasOpened = false;
      if (socket) socket.close();
    }

    connect() {
      this.returning = null;
      const socket = new WebSocket(window.dallinger.socketAddress([NEWS], this.participantId));
      if (!this.socket) this.socket = socket;
      socket.onopen = () => this.begin(socket);
      socket.onmessage = ({ data }) => socket === this.socket && this.hear(String(data));
      socket.onclose = () => this.lose(socket);
    }

    begin(socket) {
      const before = this.socket;
      if (!before && this.channels.size === 0) return socket.close();
      this.socket = socket;
      if (before && before !== socket) {
        before.onclose = null; // renewed: the old one served until now
        before.close();
      }
      this.hasOpened = true;
      this.losses = 0;
      this.showIfLost(false);
      this.renewing = setTimeout(() => this.connect(), timing.renewAfter + Math.random() * timing.renewSpread);
      this.channels.forEach((channel) => this.join(channel));
      if (this.hasServed) window.dallinger.lookAround?.(); // the platform's messages in the meantime are lost: poll
      this.hasServed = true;
      this.flow();
    }

    join(channel) {
      if (channel.name === NEWS) channel.opened();
      else this.order("subscribe", channel.name);
    }

    lose(socket) {
      if (socket !== this.socket) {
        // The socket that was to take over never opened; this one stays in use for now.
        if (this.isOpen) this.renewing = setTimeout(() => this.connect(), timing.longestPause);
        return;
      }
      clearTimeout(this.renewing);
      this.socket = null;
      this.hasOpened = false;
      if (this.channels.size === 0) return;
      this.losses += 1;
      this.showIfLost(true);
      this.channels.forEach((channel) => channel.state !== "refused" && channel.becomes("lost"));
      if (this.losses === 3) this.askWhy();
      const growing = Math.min(timing.longestPause, timing.firstPause * 2 ** (this.losses - 1));
      this.returning = setTimeout(() => this.connect(), growing * (0.5 + Math.random() / 2));
    }

    // petri.js shows it to the participant.
    showIfLost(isLost) {
      document.dispatchEvent(new CustomEvent("petri:line", { detail: { isLost } }));
    }

    comeBackNow() {
      if (!this.returning) return;
      clearTimeout(this.returning);
      this.connect();
    }

    // A refused socket has no reason; the response to a request has one.
    askWhy() {
      window.dallinger.get(`/participant/${this.participantId}`).fail((rejection) => {
        if (rejection.status < 400 || rejection.status >= 500) return;
        const error = new ChannelError(rejection.errorCode, rejection.errorText);
        this.channels.forEach((channel) => { channel.becomes("refused"); channel.refused(error); });
        this.channels.clear();
        this.hangUp();
      });
    }

    hear(frame) {
      const colon = frame.indexOf(":");
      const [name, text] = [frame.slice(0, colon), frame.slice(colon + 1)];
      if (name === PROTOCOL) return this.obey(parsed(text));
      if (name === NEWS && this.isNotice(parsed(text))) return;
      if (name === NEWS) document.dispatchEvent(new CustomEvent("petri:news", { detail: parsed(text) }));
      if (name === DOORBELL) document.dispatchEvent(new CustomEvent("petri:doorbell", { detail: parsed(text) }));
      if (name === LIVE) document.dispatchEvent(new CustomEvent("petri:live", { detail: parsed(text) }));
      this.channels.get(name)?.hear(text);
    }

    // The operator has written to this participant: petri-messages.js fetches and shows it.
    isNotice(data) {
      if (!data?.operator_message) return false;
      document.dispatchEvent(new CustomEvent("petri:message", { detail: data }));
      return true;
    }

    obey({ type, channel: name, error_code: code, error_text: text }) {
      const channel = this.channels.get(name);
      if (type === "subscribed") channel?.opened();
      else if (code === "not_connected") this.socket.close(); // the server doesn't know this socket any more
      else if (type === "error" && channel) channel.refused(new ChannelError(code, text));
      else if (type === "error") console.error(`The socket: ${text}`);
    }

    beat() {
      if (this.isOpen) this.order("heartbeat");
      this.channels.forEach((channel) => channel.tell("beat"));
    }

    finish() {
      if (this.isOpen) this.order("finished");
    }

    order(type, channel) {
      this.socket.send(`${PROTOCOL}:${JSON.stringify({ type, channel })}`);
    }

    say(frame) {
      if (new TextEncoder().encode(frame).length > MOST_BYTES) {
        throw new ChannelError("too_large", "A message can be at most 30 KB. Send less, or store the data with dallinger.createInfo.");
      }
      if (this.waiting.length >= MOST_WAITING) {
        throw new ChannelError("too_many", `${MOST_WAITING} messages are already waiting to be sent. Send messages less often.`);
      }
      this.waiting.push(frame);
      this.flow();
    }

    // Rate limit: a page in a loop must not flood its group; further frames are queued.
    flow() {
      clearTimeout(this.flowing);
      while (this.isOpen && this.waiting.length) {
        const now = Date.now();
        this.sentAt = this.sentAt.filter((moment) => now - moment < 1000);
        if (this.sentAt.length >= MOST_A_SECOND) {
          this.flowing = setTimeout(() => this.flow(), 1000 - (now - this.sentAt[0]));
          return;
        }
        this.sentAt.push(now);
        this.socket.send(this.waiting.shift());
      }
    }
  }

  const lines = new Map();

  /** Open a channel of this participant, or return the open one. */
  function channel(name, { participantId = window.dallinger.identity.participantId } = {}) {
    if (!participantId) throw new ChannelError("no_participant", "There is no participant yet. Open channels after dallinger.createParticipant().");
    if (!lines.has(participantId)) lines.set(participantId, new Line(participantId));
    return lines.get(participantId).channel(name);
  }

  /** Tell the server that this page has finished, so that its closing sockets don't count as a dropout. */
  function finished() {
    lines.forEach((line) => line.finish());
  }

  /** Whether a socket of this page is open. */
  function hasSocket() {
    return [...lines.values()].some((line) => line.isOpen);
  }

  window.petri = { ...window.petri, channel, finished, hasSocket, ChannelError, timing, internals: { ...window.petri?.internals, Sequence } };
})();
