"""What `self.recruiter` is for an author: wishes that are carried out after the commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class RecruiterWish:
    """Works as attribute and as call: `self.recruiter.recruit(n=1)`, `self.recruiter().recruit(n=1)`."""

    def __init__(self, wish: Callable[[dict[str, Any]], None]) -> None:
        """`wish` takes a message body and has it sent after the commit."""
        self._wish = wish

    def __call__(self) -> RecruiterWish:
        return self

    def recruit(self, n: int = 1) -> None:
        """Ask for n more participants; no more places are opened than are free to join."""
        self._wish({"kind": "recruit", "n": int(n)})

    def open_recruitment(self, n: int = 1) -> None:
        """Ask for the first n participants."""
        self.recruit(n)

    def close_recruitment(self) -> None:
        """Ask for no more participants."""
        self._wish({"kind": "close_recruitment"})
