"""Defines the records of the run itself: notifications, payments and recruitments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from .record import Record
from .statuses import PAYMENT_TRANSITIONS, PaymentStatus, check_transition

BASE, BONUS, COMPENSATION, SCREEN_OUT = "base", "bonus", "compensation", "screen-out"
#: The kinds of payments, besides those for visits after the first, in the order of their ids.
KINDS: Final = (BASE, BONUS, COMPENSATION, SCREEN_OUT)
#: The kind of what a participant gets for a visit after the first is this word with the visit's number.
VISIT_PREFIX: Final = "visit-"
#: A payment's id ends with the number of its kind; for visits it ends with this one.
_LAST_DIGIT_OF_VISITS: Final = 9
#: The kind of a bonus that a person gives by hand is this word with its number.
HAND_BONUS_PREFIX: Final = "bonus-"
_LAST_DIGIT_OF_HAND_BONUSES: Final = 8
#: The detail of a payment that says until when a worker process holds its lease.
LEASE_ENDS: Final = "leased_until"
#: The most visits of one participant.
MAX_VISITS: Final = 10_000


def visit_kind(number: int) -> str:
    """Return the kind of the payment for a visit after the first: `visit-2`."""
    return f"{VISIT_PREFIX}{number}"


def hand_bonus_kind(number: int) -> str:
    """Return the kind of a bonus by hand: `bonus-1` is the first."""
    return f"{HAND_BONUS_PREFIX}{number}"


def payment_kinds(visit: int, hand_bonuses: int = 0) -> tuple[str, ...]:
    """Return the kinds of payments that a participant can have.

    `visit`: the number of their visit; `hand_bonuses`: how many bonuses they were given by hand.
    """
    visits = (visit_kind(number) for number in range(2, visit + 1))
    return (*KINDS, *visits, *(hand_bonus_kind(number) for number in range(1, hand_bonuses + 1)))


def visit_of(kind: str) -> int | None:
    """Return the number of the visit that a kind of payment is for; None for another kind."""
    visit = _number_after(VISIT_PREFIX, kind)
    return visit if visit is not None and 1 < visit < MAX_VISITS else None


def hand_bonus_of(kind: str) -> int | None:
    """Return the number of a bonus by hand; None for another kind."""
    number = _number_after(HAND_BONUS_PREFIX, kind)
    return number if number is not None and 0 < number < MAX_VISITS else None


def _number_after(prefix: str, kind: str) -> int | None:
    text = kind.removeprefix(prefix)
    if not (kind.startswith(prefix) and text.isascii() and text.isdecimal()):
        return None
    number = int(text[:9])
    # One spelling for each number: "visit-02" would be a kind of its own.
    return number if f"{prefix}{number}" == kind else None


def is_known_kind(kind: str) -> bool:
    """Whether a text is a kind of payment."""
    return kind in KINDS or visit_of(kind) is not None or hand_bonus_of(kind) is not None


def payment_id(participant_id: int, kind: str) -> int:
    """Return the id of a participant's payment, which follows from its kind."""
    if (number := visit_of(kind)) is not None:
        return (participant_id * MAX_VISITS + number) * 10 + _LAST_DIGIT_OF_VISITS
    if (number := hand_bonus_of(kind)) is not None:
        return (participant_id * MAX_VISITS + number) * 10 + _LAST_DIGIT_OF_HAND_BONUSES
    return participant_id * 10 + KINDS.index(kind) + 1


class Notification(Record):
    """A report of a recruiter, or of a page, about an assignment."""

    object_type: ClassVar[str] = "Notification"
    own_fields: ClassVar[tuple[str, ...]] = ("assignment_id", "event_type")
    kept_fields: ClassVar[tuple[str, ...]] = ("assignment_id", "event_type")

    assignment_id: str
    event_type: str

    def __init__(self, assignment_id: str, event_type: str) -> None:
        """Make a notification, which `save` stores.

        Args:
            assignment_id: The recruiter's id of the assignment.
            event_type: What was reported.

        """
        self.details = {}
        self.assignment_id = assignment_id
        self.event_type = event_type


class Payment(Record):
    """The sum of one kind that is owed to one participant. A participant has at most one of each kind."""

    object_type: ClassVar[str] = "Payment"
    own_fields: ClassVar[tuple[str, ...]] = (
        "participant_id",
        "kind",
        "amount",
        "status",
        "reason",
        "recruiter_reference",
        "sent_time",
    )
    kept_fields: ClassVar[tuple[str, ...]] = own_fields

    participant_id: int
    #: base, bonus, compensation, screen-out, or visit-2, bonus-1 and so on.
    kind: str
    #: US dollars.
    amount: Decimal
    status: str = PaymentStatus.DUE.value
    reason: str | None = None
    recruiter_reference: str | None = None
    sent_time: datetime | None = None

    def __init__(self, participant_id: int, kind: str, amount: Decimal, reason: str | None = None) -> None:
        """Make a payment, which `save` puts into the ledger unless the participant has one of this kind.

        Args:
            participant_id: The id of the participant.
            kind: `base`, `bonus`, `compensation`, `screen-out`, or `visit-2`, `bonus-1` and so on.
            amount: The sum in US dollars.
            reason: The reason that the participant sees.

        """
        self.details = {}
        self.participant_id = participant_id
        self.kind = kind
        self.amount = amount
        self.reason = reason

    def change_status(self, status: PaymentStatus) -> None:
        """Change the status, if the table of transitions allows it.

        Args:
            status: The new status; the one that the record has may be given again.

        Raises:
            RuleBroken: The table doesn't allow the change.

        """
        self.status = check_transition(PAYMENT_TRANSITIONS, self.status, status)


def transitions_of(payment: Payment) -> list[dict[str, Any]]:
    """Return the transitions of a payment, oldest first."""
    moves: list[dict[str, Any]] = payment.details.get("moves", [])
    return moves


def status_since(status: str, details: Mapping[str, Any]) -> str | None:
    """Return when a payment with these details reached its status; None without its transitions."""
    since: str | None = None
    for each in reversed(details.get("moves", [])):
        if each["to"] != status:
            break
        since = each["at"]
    return since


class Recruitment(Record):
    """A request to a recruiter, for more participants or to stop."""

    object_type: ClassVar[str] = "Recruitment"
    own_fields: ClassVar[tuple[str, ...]] = ("recruiter", "event_type", "n")
    kept_fields: ClassVar[tuple[str, ...]] = own_fields

    recruiter: str
    #: open, recruit or close.
    event_type: str
    n: int = 0

    def __init__(self, recruiter: str, event_type: str, n: int = 0) -> None:
        """Make a recruitment, which `save` stores.

        Args:
            recruiter: The nickname of the recruiter.
            event_type: `open`, `recruit` or `close`.
            n: How many participants were requested.

        """
        self.details = {}
        self.recruiter = recruiter
        self.event_type = event_type
        self.n = n
