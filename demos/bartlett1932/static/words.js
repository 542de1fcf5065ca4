// Counts the words that have been written.
export default function countWords({ element, signal }) {
  const field = element.querySelector("textarea");
  const tell = () => {
    const words = field.value.trim().split(/\s+/).filter(Boolean).length;
    element.querySelector("output").textContent = words ? `${words} ${words === 1 ? "word" : "words"}` : "";
  };
  field.addEventListener("input", tell, { signal });
  tell();
}
