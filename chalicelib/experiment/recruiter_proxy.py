"""Defines `self.recruiter`, which records requests for participants until the commit."""

from __future__ import annotations

from collections.abc import Callable

from .effects import Effect, Recruit, StopRecruiting


class RecruiterProxy:
    """The recruiter as hooks see it: `self.recruiter.recruit(n=1)`, or `self.recruiter().recruit(n=1)`."""

    def __init__(self, ask: Callable[[Effect], None]) -> None:
        """`ask` records an effect until the commit."""
        self._ask = ask

    def __call__(self) -> RecruiterProxy:
        return self

    def recruit(self, n: int = 1) -> None:
        """Recruit n more participants, but no more than there are free places."""
        self._ask(Recruit(int(n)))

    def open_recruitment(self, n: int = 1) -> None:
        """Recruit the first n participants."""
        self.recruit(n)

    def close_recruitment(self) -> None:
        """Stop recruiting."""
        self._ask(StopRecruiting())
