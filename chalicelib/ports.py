"""What the inside needs from outside. Each port has twins: one for AWS, one for a laptop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from .messages import MessageBody
from .model.participant import Participant
from .model.record import Record
from .model.repository import Repository
from .model.run_records import Payment

Key = tuple[str, str]


#: The first half of the key of a message that isn't recorded anywhere.
TRANSIENT = "nudge"
#: How far ahead a queue carries messages (SQS delays end here); what is due later waits where it is recorded.
MAX_QUEUE_DELAY = timedelta(seconds=900)


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be done after a commit; it was recorded in that commit under `key`."""

    key: Key
    #: As it is stored and queued; `chalicelib.messages.from_body` reads it.
    body: dict[str, Any]
    #: The earliest moment to do it; None: at once.
    due: datetime | None = None
    #: Until when it is taken to be on its way; None: nobody carries it yet.
    in_flight_until: datetime | None = None


class UnitOfWork(Repository, Protocol):
    """What operations ask of a unit of work, beyond what records ask."""

    posted: list[Message]
    #: Whether the commit changed a network: a place may have opened.
    network_changed: bool

    @property
    def state(self) -> dict[str, Any]:
        """What the experiment keeps about itself; changes are written with the commit."""

    def is_unchanged(self) -> bool:
        """Whether all that this unit has read is still stored as it was read."""

    def prefetch(
        self, *, node_id: int | None = None, participant_id: int | None = None, more: Iterable[Key] = ()
    ) -> None:
        """Read a node with its network, and a participant, in one call."""

    def declare_scope(self, *node_ids: int) -> None:
        """Name the nodes that this request is about."""

    def save(self, *records: Record) -> None:
        """Mark records as part of this unit."""

    def item(self, key: Key) -> Mapping[str, Any] | None:
        """Return a raw item (uniqueness, messages), or None."""

    def items(self, pk: str, prefix: str = "") -> Sequence[Mapping[str, Any]]:
        """Return the raw items of a collection, read anew."""

    def put_item(self, key: Key, kind: str, fields: Mapping[str, Any], *, expect: Any = None) -> None:
        """Write a raw item with the commit, if what is stored is then as expected (None: nothing)."""

    def put_unconditional(self, key: Key, kind: str, fields: Mapping[str, Any]) -> None:
        """Write a raw item with the commit, whatever is stored."""

    def put_if_unchanged(self, key: Key, kind: str, fields: Mapping[str, Any]) -> None:
        """Write a raw item over what this unit read of it, or as a new one."""

    def increment_now(self, key: Key) -> int:
        """Add one to a counter at once, whatever becomes of this unit; return the new count."""

    def delete_item(self, key: Key, *, expect: Any = ...) -> None:
        """Remove a raw item with the commit; with a number, if its version is still this."""

    def payment(self, participant_id: int, kind: str) -> Payment | None:
        """Return what the ledger holds, or None."""

    def update_status_index(self, participant: Participant) -> None:
        """Keep the small list of participants by status in step."""

    def participant_ids(self) -> Sequence[int]:
        """Ids of all participants."""

    def statuses(self) -> dict[str, int]:
        """Count participants by status."""

    def active_participants(self) -> Sequence[Mapping[str, Any]]:
        """Return the small list items of those for whom it isn't over: id, status, whether seated before."""

    def count_finished(self) -> int:
        """How many are approved, rejected, gone ...: nothing more is expected of them."""

    def post(self, body: MessageBody, due: datetime | None = None) -> None:
        """Record a message in this commit; it is sent after it, at the earliest when due."""

    def send_transient(self, body: MessageBody, name: str, due: datetime | None = None) -> None:
        """Send a message after the commit without recording it; a burst of one name is one message."""

    def commit(self) -> None:
        """Write everything at one moment, or raise Conflict and write nothing."""


class Store(Protocol):
    """Keeps the records of one run."""

    def begin(self, now: datetime) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work; leaving the block without commit forgets it."""

    def due(self, until: datetime) -> list[Message]:
        """Return recorded messages that are due and not done; a query for each shard, never a scan."""

    def has_messages(self) -> bool:
        """Whether any message is recorded, however late it is due."""

    def close(self) -> None:
        """Let go of files and connections."""


class Queue(Protocol):
    """Carries messages to the workers, at least once each.

    Real-time messages don't wait behind the others: each kind in `chalicelib/messages/` names its lane.
    """

    #: Whether it knows what waits in it, and takes nothing twice; if not, who sends again has to keep count.
    tracks_pending: bool

    def send(self, *messages: Message) -> None:
        """Send messages; they are handled after this request, and not before they are due.

        What is due beyond REACH may be left out: it stands recorded, and the clock's sweep sends it in time.
        A burst of nudges of one name makes few messages. Unsent names what couldn't be sent, after all others
        were.
        """

    def retry_later(self, receipt: str, tries: int, source: str = "") -> None:
        """Have a message that failed come again, later with each try.

        `receipt` and `source` (the ARN of a queue) are those with which the message was handed out.
        """


class TickSchedule(Protocol):
    """Rings the clock each minute, while it is on."""

    def enable(self) -> None:
        """Ring from now on; again: nothing. VendorError when it can't be switched."""

    def disable(self) -> None:
        """Ring no more; again: nothing. VendorError when it can't be switched."""


class Channels(Protocol):
    """Sends to open sockets, as API Gateway's management API does."""

    def send(self, connection_ids: Sequence[str], text: str) -> list[str]:
        """Send a text to each connection; return those that are gone (410)."""

    def disconnect(self, connection_id: str, code: int, reason: str) -> None:
        """Close a connection; one that is gone already is fine."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The time, aware, UTC."""


class Mailer(Protocol):
    """Tells the operator something by mail; in debug mode into the log."""

    def tell(self, subject: str, text: str) -> None:
        """Send one mail to `contact_email_on_error`."""


@dataclass(frozen=True, slots=True)
class RecruitmentResult:
    """What a recruiter did: a sentence for people, and the addresses it made, if it makes any."""

    message: str
    addresses: list[str] = field(default_factory=list)
    #: What the recruiter wants to know next time (JSON): kept in the run's state and handed back.
    recruiter_state: dict[str, Any] = field(default_factory=dict)
    #: When offers of places (HITs) end by themselves, and which were ended now, by the recruiter's ids.
    ends: dict[str, datetime] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class VendorReport:
    """What a recruiter reports: of an assignment, or of an offer of places (a HIT) as a whole."""

    event_type: str
    assignment_id: str = ""
    hit_id: str = ""
    #: When it happened there; None when it doesn't say so.
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """An offer of places (a HIT) as its recruiter shows it."""

    #: Until when the places can be taken.
    ends: datetime
    #: How many nobody has taken.
    left: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """One payment as a recruiter has to make it."""

    recruiter: str
    participant_id: int
    assignment_id: str
    worker_id: str
    hit_id: str
    #: base, bonus, compensation or screen-out.
    kind: str
    #: US dollars, whole cents.
    amount: Decimal
    reason: str
    #: The same on each retry.
    token: str
    #: What `prepare` returned earlier.
    reference: str | None = None
    #: Whether an earlier try may have happened: it is looked up before anything is sent.
    is_retry: bool = False
    #: When it was last begun to be sent; a vendor that settles later is not asked again before.
    tried_at: datetime | None = None
    #: When one of the same amount, which the vendor can't tell from this one and has paid, was last sent.
    indistinguishable_sent_at: datetime | None = None


class Recruiter(Protocol):
    """Finds participants and pays them. Its errors are VendorErrors; it keeps nothing itself."""

    nickname: str
    #: Whether completing the experiment is already the submission, or the recruiter reports it later.
    auto_submits: bool

    def recruit(self, n: int, token: str, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Open n more places; a repeat with the same token opens them once."""

    def close_recruitment(self, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Open no more places."""

    def prepare(self, transfer: Transfer) -> str | None:
        """Make the first of two calls, where the vendor needs two; its result is stored before `pay`."""

    def pay(self, transfer: Transfer) -> str:
        """Pay once for each token; return the recruiter's reference, for a repeat too."""

    def find_payment(self, transfer: Transfer) -> str | None:
        """Ask whether a payment has happened: its reference, or None."""

    def assignment_status(self, assignment_id: str, recruiter_state: Mapping[str, Any]) -> str | None:
        """Say what became of an assignment; None when the recruiter doesn't know it.

        One of working, submitted, approved, rejected, returned, abandoned.
        """

    def fee(self, amount: Decimal, places: int) -> Decimal:
        """Say what the recruiter charges for a payment, in US dollars; `places`: how many were opened."""

    def qualify(self, worker_id: str, name: str, score: int) -> None:
        """Mark somebody as having taken part, where the recruiter has such marks."""

    def submit_address(self, participant: Participant) -> str:
        """Where the exit page sends this participant, or ""."""


class Runner(Protocol):
    """Runs experiments from the researcher's machine: `Experiment.run()` and `.collect()`."""

    def run(self, experiment: type, app_id: str | None, settings: Mapping[str, Any], bot: bool) -> Any:
        """Run to the end and return the data."""

    def collect(self, experiment: type, app_id: str, settings: Mapping[str, Any], bot: bool) -> Any:
        """Return the data of a finished run with this id, or run it."""
