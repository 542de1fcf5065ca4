// The keys B and Y answer.
export default ({ answer, submit, signal }) => addEventListener("keydown", (event) => {
  const colour = { b: "blue", y: "yellow" }[event.key.toLowerCase()];
  if (!colour || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  answer({ colour });
  submit();
}, { signal });
