"""What goes wrong between a requester and Mechanical Turk."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from enum import Enum


class Fault(Enum):
    """What happens to one call."""

    #: The request never arrives: nothing happened.
    LOST_REQUEST = "lost request"
    #: It is carried out, and the answer never arrives.
    LOST_ANSWER = "lost answer"
    #: It is refused because there are too many.
    THROTTLED = "throttled"
    #: Mechanical Turk has trouble of its own (500), before anything happened.
    TROUBLE = "trouble"
    #: Mechanical Turk has trouble of its own (500), after it has happened.
    LATE_TROUBLE = "late trouble"

    @property
    def comes_before(self) -> bool:
        """Whether nothing happens."""
        return self in (Fault.LOST_REQUEST, Fault.THROTTLED, Fault.TROUBLE)


class Faults:
    """Says what happens to the next calls."""

    def __init__(self) -> None:
        self._planned: dict[str, deque[Fault]] = defaultdict(deque)
        #: Asked for each call without a plan; for faults drawn by a seed.
        self.draw: Callable[[str], Fault | None] = lambda _: None

    def plan(self, operation: str, *faults: Fault) -> None:
        """Let the next calls of an operation (`SendBonus`) meet these faults, one each."""
        self._planned[operation].extend(faults)

    def next(self, operation: str) -> Fault | None:
        planned = self._planned[operation]
        return planned.popleft() if planned else self.draw(operation)
