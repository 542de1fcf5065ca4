/**
 * The script of a chat: a list of messages, and a field to write one. Messages are shown as text, never as HTML, in the
 * order in which the server stored them.
 */

const MOST = 500; // characters; the server has the same limit
const WRITING_EVERY_MS = 2000; // between two signs that this participant is writing
const WRITING_SHOWN_MS = 5000; // after a sign of another one

export default function chat({ element, data, signal }) {
  const { live, study } = /** @type {any} */ (window).petri;
  const view = makeView(element, study.text);
  const names = (members) => members.map((member) => data.members[member - 1]).filter(Boolean).join(", ");
  const showWriting = (members) => view.note("writing", members.length ? study.text("Writing now: {names}", { names: names(members) }) : "");
  const showAway = (members) => view.note("away", members.length ? study.text("Away: {names}", { names: names(members) }) : "");
  const stopWriting = shareWriting(data, view.field, showWriting, signal);
  const linesByNumber = new Map();

  const show = (message) => {
    if (linesByNumber.has(message.number)) return;
    const line = makeLine(message, data, study.text);
    linesByNumber.set(message.number, line);
    view.insert(line, message.number);
    stopWriting(message.member);
  };
  data.messages.forEach(show);
  showAway(data.away);
  live.on("message", (message) => {
    if (message?.path !== data.path) return;
    if (message.away) showAway(message.away);
    else show(message);
  }, signal);
  live.on("snapshot", (latest) => {
    latest.messages.forEach(show);
    showAway(latest.away);
  }, signal);

  // The chat is inside the page's form, so its field isn't a form of its own: Enter sends a message, and doesn't end the chat.
  view.field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    say();
  }, { signal });
  view.button.addEventListener("click", say, { signal });

  async function say() {
    const text = view.field.value.trim();
    if (!text || view.button.disabled) return;
    view.button.disabled = true;
    view.problem("");
    try {
      await live.send({ text });
      view.field.value = "";
    } catch (error) {
      const rejection = /** @type {any} */ (error);
      view.problem(rejection.status === 422 && rejection.errorText || study.text("The message has not been sent. Please try again."));
    }
    view.button.disabled = false;
    view.field.focus();
  }
}

/**
 * Show the others that this participant is writing, and which of them are: the signs go over the group's channel and aren't
 * stored. Returns a function that ends the sign of a member.
 */
function shareWriting(data, field, show, signal) {
  const channel = /** @type {any} */ (window).petri.channel(`network-${data.network}`);
  const writing = new Map();
  let sentAt = Number.NEGATIVE_INFINITY;
  const stop = (member) => {
    clearTimeout(writing.get(member));
    if (writing.delete(member)) show([...writing.keys()]);
  };
  channel.on("message", ({ writing: member, path }) => {
    if (signal.aborted || path !== data.path || member === data.me || !data.members[member - 1]) return;
    clearTimeout(writing.get(member));
    writing.set(member, setTimeout(() => stop(member), WRITING_SHOWN_MS));
    show([...writing.keys()]);
  });
  field.addEventListener("input", () => {
    if (channel.state !== "open" || !field.value || performance.now() - sentAt < WRITING_EVERY_MS) return;
    if (channel.send({ writing: data.me, path: data.path }, { onlyNow: true })) sentAt = performance.now();
  }, { signal });
  signal.addEventListener("abort", () => channel.close(), { once: true });
  return stop;
}

function makeView(element, words) {
  const box = document.createElement("div");
  box.className = "chat";
  const log = document.createElement("div");
  log.className = "chat-log";
  log.tabIndex = 0; // it scrolls, so it can be reached by the keyboard
  log.setAttribute("role", "log");
  log.setAttribute("aria-label", words("Messages"));
  const notes = { away: document.createElement("p"), writing: document.createElement("p") };
  for (const note of Object.values(notes)) note.className = "chat-note";
  notes.away.setAttribute("role", "status");
  notes.writing.setAttribute("aria-hidden", "true"); // a screen reader would read nothing else
  const label = document.createElement("label");
  label.htmlFor = "chat-text";
  label.textContent = words("Your message");
  const field = document.createElement("input");
  field.id = "chat-text";
  field.type = "text";
  field.maxLength = MOST;
  field.autocomplete = "off";
  field.setAttribute("aria-describedby", "chat-error");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-primary";
  button.textContent = words("Send");
  const row = document.createElement("div");
  row.className = "chat-write";
  row.append(field, button);
  const error = document.createElement("p");
  error.id = "chat-error";
  error.className = "item-error";
  error.setAttribute("role", "alert");
  error.hidden = true;
  box.append(log, notes.away, notes.writing, label, row, error);
  element.append(box);
  return {
    field,
    button,
    note(name, text) {
      notes[name].textContent = text;
    },
    insert(line, number) {
      const later = [...log.children].find((one) => one instanceof HTMLElement && Number(one.dataset.number) > number);
      const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
      log.insertBefore(line, later || null);
      if (isAtEnd) log.scrollTop = log.scrollHeight;
    },
    problem(text) {
      error.textContent = text;
      error.hidden = text === "";
    },
  };
}

function makeLine(message, data, words) {
  const line = document.createElement("p");
  line.className = message.member === data.me ? "chat-line chat-own" : "chat-line";
  line.dataset.number = message.number;
  const writer = document.createElement("span");
  writer.className = "chat-writer";
  writer.textContent = message.member === data.me ? words("You") : data.members[message.member - 1] || "";
  const text = document.createElement("span");
  text.className = "chat-text";
  text.dir = "auto";
  text.textContent = message.text;
  line.append(writer, " ", text);
  return line;
}
