/**
 * Records when a participant agreed, and the SHA-256 of the text that they saw; `createParticipant` sends both. A checkbox
 * `#consent-bots` on the page says whether a bot may continue for them.
 *
 * A classic script, because it has to handle the click before a page's own handler leaves the page. For the same
 * reason the hash is computed synchronously: crypto.subtle is asynchronous, and isn't available over plain HTTP.
 */
(function () {
  "use strict";

  const PRIMES = firstPrimes(64);
  const ROUND_CONSTANTS = PRIMES.map((prime) => fractionBits(Math.cbrt(prime)));
  const START = PRIMES.slice(0, 8).map((prime) => fractionBits(Math.sqrt(prime)));

  function firstPrimes(count) {
    const primes = [];
    for (let number = 2; primes.length < count; number += 1) {
      if (primes.every((prime) => number % prime)) primes.push(number);
    }
    return primes;
  }

  function fractionBits(number) {
    return ((number - Math.floor(number)) * 2 ** 32) | 0;
  }

  function turned(word, by) {
    return (word >>> by) | (word << (32 - by));
  }

  function padded(bytes) {
    const blocks = new Uint8Array(((bytes.length + 8) >> 6 << 6) + 64);
    blocks.set(bytes);
    blocks[bytes.length] = 0x80;
    const view = new DataView(blocks.buffer);
    view.setUint32(blocks.length - 8, Math.floor(bytes.length / 2 ** 29));
    view.setUint32(blocks.length - 4, bytes.length << 3);
    return view;
  }

  function schedule(view, offset) {
    const words = Array.from({ length: 16 }, (_, index) => view.getInt32(offset + index * 4));
    for (let index = 16; index < 64; index += 1) {
      const near = words[index - 2];
      const far = words[index - 15];
      const mixed = (turned(far, 7) ^ turned(far, 18) ^ (far >>> 3)) + (turned(near, 17) ^ turned(near, 19) ^ (near >>> 10));
      words.push((words[index - 16] + words[index - 7] + mixed) | 0);
    }
    return words;
  }

  function compressed(state, words) {
    let [a, b, c, d, e, f, g, h] = state;
    for (let index = 0; index < 64; index += 1) {
      const chosen = (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g));
      const first = (h + chosen + ROUND_CONSTANTS[index] + words[index]) | 0;
      const second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    return [a, b, c, d, e, f, g, h].map((word, index) => (word + state[index]) | 0);
  }

  /** The SHA-256 of a text (UTF-8), or of bytes, as 64 hexadecimal digits. */
  function sha256(content) {
    const view = padded(typeof content === "string" ? new TextEncoder().encode(content) : content);
    let state = START;
    for (let offset = 0; offset < view.byteLength; offset += 64) {
      state = compressed(state, schedule(view, offset));
    }
    return state.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** The text that was visible on this page, with each run of white space as one blank. */
  function shownText() {
    const place = document.getElementById("consent-text") || document.querySelector(".main_div") || document.body;
    // biome-ignore lint/performance/useDomNodeTextContent: hidden text was not read.
    return place.innerText.replace(/\s+/g, " ").trim();
  }

  document.addEventListener("click", (event) => {
    if (/** @type {Element} */ (event.target).closest("#consent") && window.dallinger) {
      const bots = Boolean(document.querySelector("#consent-bots:checked"));
      window.dallinger.recordConsent(new Date().toISOString(), sha256(shownText()), { bots });
    }
  }, true);

  window.petriConsent = { sha256, shownText };
})();
