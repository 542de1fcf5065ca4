// Suggestions of an effort to the other players; they are not binding.
export default function ({ element, data, signal }) {
  const part = (name) => element.querySelector(`[data-part=${name}]`);
  const say = (text) => { part("suggestions").textContent = text; };
  const show = ({ suggested }) => say(Object.entries(suggested).map(([name, effort]) => `${name} suggests ${effort}`).join(", "));
  part("suggest").addEventListener("click", () => {
    petri.live.send({ suggest: Number(part("suggestion").value) }).catch(({ errorText }) => say(errorText));
  });
  show(data);
  petri.live.on("message", show, signal).on("snapshot", show, signal);
}
