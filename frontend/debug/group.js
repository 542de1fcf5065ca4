/** The view of a group in `petri debug`: one frame for each member, whose entry ids are in the address. */
(function () {
  "use strict";
  const entries = new URLSearchParams(location.search).getAll("entry");
  const list = document.getElementById("members");
  const said = document.getElementById("said");
  const frames = entries.map(member);

  function member(entry, index) {
    const address = `/exp?${new URLSearchParams(entry)}`;
    const article = document.createElement("article");
    const head = document.createElement("header");
    const title = document.createElement("h2");
    title.textContent = `Member ${index + 1}`;
    const link = document.createElement("a");
    link.href = address;
    link.textContent = "Open alone";
    link.setAttribute("aria-label", `Open alone: member ${index + 1}`);
    head.append(title, link);
    const frame = document.createElement("iframe");
    frame.title = title.textContent;
    frame.src = address;
    article.append(head, frame);
    list.append(article);
    return frame;
  }

  // Members who wait for others have nothing to fill in.
  function fill() {
    const pages = frames.map(({ contentWindow }) => /** @type {any} */ (contentWindow).petri);
    const due = pages.filter((petri) => petri?.debug && petri.study?.current?.items && petri.study.current.kind !== "wait");
    for (const petri of due) petri.debug.fill();
    said.textContent = due.length ? "" : "All members wait.";
  }

  document.getElementById("fill").addEventListener("click", fill);
  if (!entries.length) said.textContent = "This address names no members; open the view from the debug bar of a page.";
})();
