"""Faults that tests inject into calls and webhooks, in the order in which they were added."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Literal

Kind = Literal["500", "429", "garbled", "dropped before", "dropped after"]


@dataclass
class Fault:
    """The fault of the next call that matches.

    dropped before: the request is lost; dropped after: it is carried out, and the response is lost.
    """

    kind: Kind
    method: str = ".*"
    path: str = ".*"

    def matches(self, method: str, path: str) -> bool:
        return bool(re.fullmatch(self.method, method) and re.search(self.path, path))


class Faults:
    """The planned faults."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._guard = threading.Lock()

    def add(self, kind: Kind, method: str = ".*", path: str = ".*") -> None:
        self._waiting.append(Fault(kind, method, path))

    def take(self, method: str, path: str) -> Kind | None:
        with self._guard:
            for fault in self._waiting:
                if fault.matches(method, path):
                    self._waiting.remove(fault)
                    return fault.kind
        return None
