"""Runs the pages' own scripts in QuickJS, without a browser, to test what depends on no page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from quickjs import Context

SCRIPTS = Path(__file__).parents[3] / "frontend" / "static" / "scripts"

#: What the scripts need of a browser when they are loaded. Timers wait in `timers` until a test calls them.
_BROWSER = """
    var timers = [];
    var setTimeout = (act, after) => timers.push({ act, after });
    var clearTimeout = (timer) => { if (timer) timers[timer - 1] = null; };
    var setInterval = setTimeout, clearInterval = clearTimeout;
    var origin = "https://study.example";
    var location = { search: "", pathname: "/exp", origin, href: `${origin}/exp` };
    var history = { state: null, replaceState(state) { this.state = state; } };
    var navigator = { userAgent: "QuickJS", language: "en", hardwareConcurrency: 1 };
    var screen = { width: 1, height: 1, colorDepth: 1 };
    var memory = {};
    var sessionStorage = {
      getItem: (key) => memory[key] ?? null,
      setItem: (key, value) => { memory[key] = value; },
    };
    var crypto = { getRandomValues: (bytes) => bytes.map((_, index) => index) };
    var element = () => ({ setAttribute() {}, append() {}, before() {}, dataset: {}, textContent: "" });
    var document = {
      documentElement: { dataset: {} }, body: element(), createElement: element,
      addEventListener() {}, dispatchEvent() {},
      querySelector: () => null, querySelectorAll: () => [], getElementById: () => null,
    };
    var addEventListener = () => undefined;
    class CustomEvent {}
    class TextEncoder { encode(text) { return Uint8Array.from(JSON.parse(utf8(JSON.stringify(text)))); } }
    class URLSearchParams {
      get() { return null; }
      [Symbol.iterator]() { return [][Symbol.iterator](); }
    }
    var window = globalThis;
    var kept = {};
    window.store = {
      enabled: true, get: (key) => kept[key], getAll: () => kept,
      set: (key, value) => { kept[key] = JSON.parse(JSON.stringify(value ?? null)) ?? undefined; },
    };
    var $ = () => element();
    $.Deferred = () => ({ resolve() {} });
"""


class Scripts:
    """A context in which some of the pages' scripts have been loaded."""

    def __init__(self, *names: str) -> None:
        self._context = Context()
        self._context.add_callable("utf8", lambda text: json.dumps(list(json.loads(text).encode())))
        self._context.eval(_BROWSER)
        for name in names:
            self.load(name)

    def load(self, name: str) -> None:
        """Load one of the pages' scripts."""
        self._context.eval((SCRIPTS / name).read_text(encoding="utf-8"))

    def finish_promises(self) -> None:
        """Run what follows on settled promises."""
        while self._context.execute_pending_job():
            pass

    def run(self, code: str) -> None:
        """Run statements."""
        self._context.eval(code)

    def value(self, expression: str) -> Any:
        """Return the value of an expression, as JSON carries it."""
        return json.loads(self._context.eval(f"JSON.stringify({{ value: {expression} }})")).get("value")

    def call(self, function: str, *values: Any) -> Any:
        """Call a function with values that JSON can carry."""
        return self.value(f"{function}({', '.join(json.dumps(value) for value in values)})")
