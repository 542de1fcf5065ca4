"""Faults between a requester and Mechanical Turk."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from enum import Enum


class Fault(Enum):
    """The fault of one call."""

    #: The request is lost: nothing happens.
    LOST_REQUEST = "lost request"
    #: The request is carried out, and the response is lost.
    LOST_ANSWER = "lost answer"
    #: The request is throttled.
    THROTTLED = "throttled"
    #: A server error (500) before the request is carried out.
    TROUBLE = "trouble"
    #: A server error (500) after the request was carried out.
    LATE_TROUBLE = "late trouble"

    @property
    def comes_before(self) -> bool:
        """Whether the request isn't carried out."""
        return self in (Fault.LOST_REQUEST, Fault.THROTTLED, Fault.TROUBLE)


class Faults:
    """Decides the faults of the next calls."""

    def __init__(self) -> None:
        self._planned: dict[str, deque[Fault]] = defaultdict(deque)
        #: Called for each call without a planned fault, for random faults.
        self.draw: Callable[[str], Fault | None] = lambda _: None

    def plan(self, operation: str, *faults: Fault) -> None:
        """Plan faults for the next calls of an operation (`SendBonus`), one each."""
        self._planned[operation].extend(faults)

    def next(self, operation: str) -> Fault | None:
        planned = self._planned[operation]
        return planned.popleft() if planned else self.draw(operation)
