"""A study whose pages are scripted: it speaks the protocol of `/page` to the browser."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.browser.standin import Answer, Asked, StandIn, success

Check = Callable[[dict[str, Any]], dict[str, str]]


@dataclass
class Due:
    """One page of the script: its HTML, its items' rules, and what else the answer of GET `/page` has."""

    name: str
    html: str
    items: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seconds: float | None = None
    check: Check | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


class ScriptedStudy(StandIn):
    """Shows its pages in their order; keeps what was posted in `taken`, and each request in `asked`."""

    def __init__(self, root: Path, pages: Sequence[Due]) -> None:
        super().__init__(root)
        self.pages = list(pages)
        self.at = 0
        self.taken: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self._shown_at: dict[int, float] = {}
        self._next: list[Answer] = []
        self._held: threading.Event | None = None

    def once(self, *answers: Answer) -> None:
        """Give these answers to the next requests for `/page` instead."""
        self._next += answers

    def hold(self, until: threading.Event) -> None:
        """Let the next answer to POST `/page` wait."""
        self._held = until

    def answer(self, asked: Asked) -> Answer | None:
        if asked.path not in ("/page", "/page/events"):
            return super().answer(asked)
        self.asked.append(asked)
        if asked.path == "/page/events":
            self.events += json.loads(asked.data["events"])
            return success()
        if self._next:
            return self._next.pop(0)
        if asked.method == "GET":
            return self._due()
        if self._held is not None:
            self._held.wait(20)
        return self._take(asked.data)

    @property
    def serial(self) -> int:
        return 7 + self.at

    def posts(self) -> list[Asked]:
        return [each for each in self.asked if (each.method, each.path) == ("POST", "/page")]

    def _due(self, **more: Any) -> Answer:
        due = self.pages[self.at]
        shown_at = self._shown_at.setdefault(self.at, time.monotonic())
        left = None if due.seconds is None else due.seconds - (time.monotonic() - shown_at)
        page = {
            "serial": self.serial,
            "page": due.name,
            "path": due.name,
            "kind": "page",
            "html": due.html,
            "items": due.items,
            "seconds_left": left,
            "min_seconds": 0,
            "progress": self.at / len(self.pages),
            "preload": [],
            "language": "en",
            "direction": "ltr",
            "title": "",
            "button": "Next",
            "script": None,
            "data": {},
            "exit": None,
        }
        return success(**(page | dict(due.more) | more))

    def _take(self, data: dict[str, str]) -> Answer:
        if int(data["serial"]) != self.serial:
            return self._due(stale=True)
        answers = json.loads(data["answers"])
        is_late = data.get("timeout") == "true"
        due = self.pages[self.at]
        wrong = due.check(answers) if due.check and not is_late else {}
        if wrong:
            text = "Some answers can't be accepted."
            return Answer(
                {"status": "error", "error_code": "answers_refused", "error_text": text, "items": wrong}, 422
            )
        timings, events = json.loads(data["timings"]), json.loads(data["events"])
        self.taken.append(
            {"page": due.name, "answers": answers, "timeout": is_late, "timings": timings, "events": events}
        )
        self.at += 1
        return self._due()
