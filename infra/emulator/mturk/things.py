"""The objects of the emulated marketplace."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

BEGINNING = datetime(2026, 1, 5, 9, tzinfo=UTC)


class TurkError(Exception):
    """An error that Mechanical Turk returns as RequestError; `code` without AWS.MechanicalTurk."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class HandClock:
    """A clock that tests advance."""

    def __init__(self, now: datetime = BEGINNING) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by

    def turn_back(self) -> None:
        self._now = BEGINNING


@dataclass
class HitType:
    id: str
    fields: dict[str, Any]
    notification: dict[str, Any] | None = None
    reports: bool = False


class AssignmentState(StrEnum):
    """The states of an assignment; the first one and those in `LEFT` are not reported by GetAssignment."""

    ACCEPTED = "accepted"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    RETURNED = "returned"
    ABANDONED = "abandoned"


#: The worker has left without a submission.
LEFT = frozenset({AssignmentState.RETURNED, AssignmentState.ABANDONED})
#: The requester has reviewed the submission.
REVIEWED = frozenset({AssignmentState.APPROVED, AssignmentState.REJECTED})
#: The worker has submitted the assignment.
COMPLETED = REVIEWED | {AssignmentState.SUBMITTED}


@dataclass
class Assignment:
    id: str
    hit: EmulatedHit
    worker: str
    accepted: datetime
    deadline: datetime
    state: AssignmentState = AssignmentState.ACCEPTED
    submitted: datetime | None = None
    approved: datetime | None = None

    @property
    def takes_a_place(self) -> bool:
        return self.state not in LEFT

    @property
    def auto_approval(self) -> datetime | None:
        delay = self.hit.type.fields["AutoApprovalDelayInSeconds"]
        return None if self.submitted is None else self.submitted + timedelta(seconds=delay)


@dataclass
class EmulatedHit:
    id: str
    type: HitType
    group: str
    created: datetime
    expires: datetime
    places: int
    #: The number of assignments that it was created with.
    initial_places: int
    question: str
    annotation: str
    assignments: list[Assignment] = field(default_factory=list)
    expiry_notified: bool = False
    review_notified: bool = False

    @property
    def reward(self) -> Decimal:
        return Decimal(self.type.fields["Reward"])

    @property
    def pending(self) -> int:
        return sum(one.state is AssignmentState.ACCEPTED for one in self.assignments)

    def available(self, now: datetime) -> int:
        if now >= self.expires:
            return 0
        return self.places - sum(one.takes_a_place for one in self.assignments)

    def status(self, now: datetime) -> str:
        if self.available(now):
            return "Assignable"
        return "Unassignable" if self.pending else "Reviewable"


@dataclass
class QualificationType:
    id: str
    name: str
    description: str
    #: Scores by worker.
    scores: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class TurkPayment:
    """One payment from the requester's account."""

    #: reward or bonus
    kind: str
    worker: str
    assignment: str
    amount: Decimal
    fee: Decimal
    at: datetime
    reason: str = ""
    token: str = ""


@dataclass(frozen=True)
class Books:
    """All payments, against which tests check the ledger."""

    entries: tuple[TurkPayment, ...]
    balance: Decimal

    def total(self, **matching: str) -> Decimal:
        """Return the sum of the matching payments: `total(worker="A1", kind="bonus")`, without fees."""
        return sum((one.amount for one in self.matching(**matching)), Decimal(0))

    def matching(self, **fields: str) -> list[TurkPayment]:
        return [
            one for one in self.entries if all(getattr(one, name) == value for name, value in fields.items())
        ]


def identifiers(letter: str) -> Iterator[str]:
    """Generate ids like Mechanical Turk's: capitals and digits."""
    return (f"{letter}{number:029d}" for number in itertools.count(1))
