/**
 * Runs a participant's code against tests, one after another, and posts each result. The code can't reach the network or what the
 * browser stores for this site, and the page ends this worker when it takes too long.
 */
(function () {
  "use strict";
  const MOST_PRINTED = 4000;
  const MOST_SHOWN = 200;
  const post = self.postMessage.bind(self);
  for (const name of ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "WebTransport", "importScripts", "indexedDB", "caches", "Worker", "BroadcastChannel", "navigator"]) {
    try {
      Object.defineProperty(self, name, { value: undefined });
    } catch {
      // this browser doesn't allow its removal
    }
  }

  let printed = 0;

  function print(...values) {
    const words = `${values.map((value) => (typeof value === "string" ? value : asText(value))).join(" ")}\n`.slice(0, MOST_PRINTED - printed);
    printed += words.length;
    if (words) post({ printed: words });
  }

  function asText(value) {
    try {
      return JSON.stringify(sorted(value)) ?? String(value);
    } catch {
      return String(value);
    }
  }

  // The keys of an object are sorted, so that equal values have equal texts.
  function sorted(value) {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));
  }

  function check({ name, run, expect }, code) {
    try {
      const got = new Function("console", `${code}\n;return (${run}\n);`)({ log: print, error: print, warn: print, info: print });
      return { name, ok: asText(got) === asText(expect), got: asText(got).slice(0, MOST_SHOWN) };
    } catch (error) {
      return { name, ok: false, error: String(error).slice(0, MOST_SHOWN) };
    }
  }

  self.onmessage = ({ data: { code, tests } }) => {
    for (const test of tests) post({ result: check(test, code) });
    post({ isDone: true });
  };
})();
