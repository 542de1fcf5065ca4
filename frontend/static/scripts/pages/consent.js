/**
 * The consent page's own buttons. An experiment's script may bind them too: if it has already continued, or has
 * prevented the default, this script does nothing more.
 */

document.addEventListener("click", (event) => {
  /** @type {HTMLElement} */
  const button = /** @type {Element} */ (event.target).closest("[data-goes-to], [data-closes], [data-reopens], [data-prints]");
  if (!button || event.defaultPrevented) return;
  if ("prints" in button.dataset) printOnce();
  else if ("closes" in button.dataset) decline();
  else if ("reopens" in button.dataset) showDeclined(false);
  else goOn(button.dataset.goesTo);
});

let isPrinting = false;
addEventListener("beforeprint", () => { isPrinting = true; });

function printOnce() {
  if (!isPrinting) window.print();
  isPrinting = false;
}

function goOn(page) {
  window.dallinger.allowExit();
  window.dallinger.goToPage(page);
}

function showDeclined(isDeclined) {
  document.getElementById("consent-page").hidden = isDeclined;
  document.getElementById("declined").hidden = !isDeclined;
  document.getElementById(isDeclined ? "declined" : "main").focus();
}

function decline() {
  window.dallinger.allowExit();
  showDeclined(true);
  window.opener?.postMessage({ petri: "declined" }, location.origin); // the ad shows it, too
  window.close(); // works where the ad opened this window
}

export {};
