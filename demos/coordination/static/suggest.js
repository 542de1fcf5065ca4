// Suggestions of an effort to the other players, before and after one's own choice; they are not binding.
export default function ({ element, data, signal }) {
  const part = (name) => element.querySelector(`[data-part=${name}]`);
  const say = (text) => { part("suggestions").textContent = text; };
  const show = ({ suggested, missing }) => {
    say(Object.entries(suggested).map(([name, effort]) => `${name} suggests ${effort}`).join(", "));
    // Only the page of a player who has chosen has a status.
    element.querySelector("[role=status]")?.replaceChildren(`Thank you. Waiting for ${missing === 1 ? "one more player" : `${missing} more players`} …`);
  };
  part("suggest").addEventListener("click", () => {
    petri.live.send({ suggest: Number(part("suggestion").value) }).catch(({ errorText }) => say(errorText));
  });
  show(data);
  petri.live.on("message", show, signal).on("snapshot", show, signal);
}
