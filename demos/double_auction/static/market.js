export default function ({ element, data, signal }) {
  const part = (name) => element.querySelector(`[data-part=${name}]`);
  const note = (text) => { part("note").textContent = text; };
  const show = ({ bid, ask, trades, price }) => {
    part("book").textContent = `${bid ?? "none"} / ${ask ?? "none"}`;
    part("trades").textContent = trades.join(", ") || "none";
    if (price != null) note(`You have traded your unit for ${price} points.`);
  };
  part("send").addEventListener("click", () => {
    petri.live.send({ price: part("price").valueAsNumber }).then(() => note(""), ({ errorText }) => note(errorText));
  });
  show(data);
  petri.live.on("message", show, signal).on("snapshot", show, signal);
}
