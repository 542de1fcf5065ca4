// Ask for a place, let the button be pressed once, go on to the questionnaire.
(function () {
  "use strict";
  const button = /** @type {HTMLButtonElement} */ (document.getElementById("submit-response"));

  function goOn() {
    dallinger.allowExit();
    dallinger.goToPage("questionnaire");
  }

  dallinger.preventExit = true;
  dallinger.createAgent().done((answer) => {
    button.disabled = false;
    button.focus();
    button.addEventListener("click", () => {
      button.disabled = true;
      button.textContent = "Sending …";
      dallinger.createInfo(answer.node.id, { contents: "Submitted", info_type: "Info" })
        .done(goOn)
        .fail(dallinger.error);
    });
  }).fail((rejection) => (rejection.status === 403 ? goOn() : dallinger.error(rejection)));
})();
