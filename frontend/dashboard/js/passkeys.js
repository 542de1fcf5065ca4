/* Asks the browser for a passkey, and puts its answer into the form that is sent. */

(() => {
  /** @param {string} text */
  function bytesOf(text) {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  }

  /** @param {ArrayBuffer} buffer */
  function textOf(buffer) {
    const plain = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  /** @param {any} options */
  function withBytes(options) {
    const listed = (/** @type {any[]} */ known) =>
      known.map((each) => ({ ...each, id: bytesOf(each.id) }));
    return {
      ...options,
      challenge: bytesOf(options.challenge),
      ...(options.user && { user: { ...options.user, id: bytesOf(options.user.id) } }),
      ...(options.excludeCredentials && {
        excludeCredentials: listed(options.excludeCredentials),
      }),
      ...(options.allowCredentials && { allowCredentials: listed(options.allowCredentials) }),
    };
  }

  /** @param {any} credential */
  function answerOf(credential) {
    const response = credential.response;
    const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    const found = parts.filter((name) => response[name]);
    return JSON.stringify({
      id: credential.id,
      rawId: textOf(credential.rawId),
      type: credential.type,
      response: Object.fromEntries(found.map((name) => [name, textOf(response[name])])),
    });
  }

  /** @param {HTMLFormElement} form */
  async function answer(form) {
    const publicKey = withBytes(JSON.parse(form.dataset.options || "{}"));
    const problem = form.querySelector("[data-passkey-problem]");
    problem?.setAttribute("hidden", "");
    try {
      const credential =
        form.dataset.passkey === "create"
          ? await navigator.credentials.create({ publicKey })
          : await navigator.credentials.get({ publicKey });
      /** @type {HTMLInputElement} */ (form.elements.namedItem("answer")).value = answerOf(credential);
      form.submit();
    } catch {
      // The person cancelled, or the device has no passkey: the browser doesn't say which.
      problem?.removeAttribute("hidden");
    }
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      answer(/** @type {HTMLFormElement} */ (form));
    });
  }
})();
