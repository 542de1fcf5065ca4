"""What `self.recruiter` is for an author: it asks for participants after the commit."""

from __future__ import annotations

from collections.abc import Callable

from .effects import Effect, Recruit, StopRecruiting


class RecruiterProxy:
    """Works as attribute and as call: `self.recruiter.recruit(n=1)`, `self.recruiter().recruit(n=1)`."""

    def __init__(self, ask: Callable[[Effect], None]) -> None:
        """`ask` keeps an effect until the commit."""
        self._ask = ask

    def __call__(self) -> RecruiterProxy:
        return self

    def recruit(self, n: int = 1) -> None:
        """Ask for n more participants; no more places are opened than are free to join."""
        self._ask(Recruit(int(n)))

    def open_recruitment(self, n: int = 1) -> None:
        """Ask for the first n participants."""
        self.recruit(n)

    def close_recruitment(self) -> None:
        """Ask for no more participants."""
        self._ask(StopRecruiting())
