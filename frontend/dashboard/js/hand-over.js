/* Sends the form with which a lab hands a person over to one of its apps; without a script, its button does. */

for (const form of document.querySelectorAll("form[data-hand-over]")) {
  if (form instanceof HTMLFormElement) {
    form.requestSubmit();
  }
}
