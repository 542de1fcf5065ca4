"""Records about the run itself: what recruiters report, what was paid, whom we asked for."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from .record import Record


class Notification(Record):
    """What a recruiter reported about an assignment."""

    object_type: ClassVar[str] = "Notification"
    own_fields: ClassVar[tuple[str, ...]] = ("assignment_id", "event_type")
    kept_fields: ClassVar[tuple[str, ...]] = ("assignment_id", "event_type")

    assignment_id: str
    event_type: str

    def __init__(self, assignment_id: str, event_type: str) -> None:
        """Describe a report; `save` keeps it."""
        self.details = {}
        self.assignment_id = assignment_id
        self.event_type = event_type


#: How a payment moves on: put as due, being sent, then paid, refused or held.
DUE, SENDING, PAID, REFUSED, HELD = "due", "sending", "paid", "refused", "held"


class Payment(Record):
    """One sum owed to one participant for one reason; there is never a second of its kind."""

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
    #: base, bonus, compensation or screen-out.
    kind: str
    #: US dollars.
    amount: Decimal
    status: str = DUE
    reason: str | None = None
    recruiter_reference: str | None = None
    sent_time: datetime | None = None

    def __init__(self, participant_id: int, kind: str, amount: Decimal, reason: str | None = None) -> None:
        """Describe what is owed; `save` puts it into the ledger unless its kind is there already."""
        self.details = {}
        self.participant_id = participant_id
        self.kind = kind
        self.amount = amount
        self.reason = reason


class Recruitment(Record):
    """A request to a recruiter: how many people, or to stop."""

    object_type: ClassVar[str] = "Recruitment"
    own_fields: ClassVar[tuple[str, ...]] = ("recruiter", "event_type", "n")
    kept_fields: ClassVar[tuple[str, ...]] = own_fields

    recruiter: str
    #: open, recruit or close.
    event_type: str
    n: int = 0

    def __init__(self, recruiter: str, event_type: str, n: int = 0) -> None:
        """Describe the request; `save` keeps it."""
        self.details = {}
        self.recruiter = recruiter
        self.event_type = event_type
        self.n = n
