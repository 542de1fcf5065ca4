"""Defines the raw records of a study: a participant's place, their responses, a group, and its pool.

They are items of the unit of work, not `Record`s: most of them are read and written by key in every request
of a participant, and nothing lists them but the export.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar, Final, Self

from chalicelib.model.record import iso
from chalicelib.model.statuses import VisitStatus
from chalicelib.serializable import require_serializable

#: How a participant's part ended who went through the whole timeline.
COMPLETE: Final = "complete"
#: The end of the names under which a place keeps when a test in a book was done, behind a path.
DONE: Final = " done"
#: The end of the names under which a place keeps what was drawn, behind a path.
DRAWN: Final = " drawn"
#: The end of the names under which a place keeps which answers of others it grades, behind a path.
GRADES: Final = " grades"


@dataclass
class StoredFields:
    """A record that is stored as one raw item: each field is a JSON value of its own."""

    #: The kind of the item.
    kind: ClassVar[str]

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        """Read a stored item; a field that it lacks gets its default."""
        return cls(**{name: item[name] for name, _ in _stored(cls) if name in item})

    @classmethod
    def fields_of_item(cls, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return what `to_fields` returns of the record that a stored item holds; values aren't copied."""
        return {name: item[name] for name, default in _stored(cls) if name in item and item[name] != default}

    def to_fields(self) -> dict[str, Any]:
        """Return the fields to store; those that have their default are left out."""
        values = vars(self)
        return {name: values[name] for name, default in _stored(type(self)) if values[name] != default}


_FIELDS: Final[dict[type[StoredFields], tuple[tuple[str, Any], ...]]] = {}


def _stored(cls: type[StoredFields]) -> tuple[tuple[str, Any], ...]:
    """Return the fields of a kind of record that are stored, each with its default, cached."""
    if cls not in _FIELDS:
        _FIELDS[cls] = tuple((one.name, _default(one)) for one in fields(cls) if one.init)
    return _FIELDS[cls]


def _default(one: Field[Any]) -> Any:
    return one.default_factory() if one.default_factory is not MISSING else one.default


@dataclass
class Place(StoredFields):
    """Where a participant is in the timeline.

    `serial` numbers the pages that they were sent: a submission names it, so that a repeated or late one
    changes nothing. Moments are ISO 8601 texts in UTC.
    """

    kind: ClassVar[str] = "place"

    participant_id: int
    serial: int = 1
    #: The path of the element that is due; "" at the end.
    path: str = ""
    #: The names of the elements that follow, for each level of the path, in case the timeline loses this one.
    ahead: list[list[str]] = field(default_factory=list)
    #: When the page was first sent, and until when its answers count; None while it hasn't been sent.
    shown_at: str | None = None
    until: str | None = None
    #: For how many seconds loading the page's media may delay its time limit.
    slack: float = 0.0
    #: When the recorded message that enforces time limits is due; None when none is recorded.
    wake_at: str | None = None
    #: The network of the group or chain that the participant is in, and their node in it.
    network_id: int | None = None
    node_id: int | None = None
    #: Whether the network is a group of the study.
    in_group: bool = False
    role: str | None = None
    #: The cell of the design, by factor; and the slot that it came from.
    condition: dict[str, Any] = field(default_factory=dict)
    slot: str | None = None
    #: Answers by round, then by item: {"": {"age": 31}, "rounds[2]": {"offer": 5}}.
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: The answers that the study gave because the participant gave none in time, as "round|item".
    missed: list[str] = field(default_factory=list)
    #: Whether answers of past rounds are in the responses alone.
    spilled: bool = False
    #: How often each item was asked, by round.
    attempts: dict[str, int] = field(default_factory=dict)
    #: The points of each graded answer to an item, by round, of which its `count` says what counts.
    earned: dict[str, list[str]] = field(default_factory=dict)
    #: The points of answers that people have graded, by round and item, and by attempt.
    graded: dict[str, dict[str, str]] = field(default_factory=dict)
    #: When the timed parts around the participant end, and what was correct in them, by path.
    clocks: dict[str, str] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    #: How many trials of the block where the participant is are stored.
    trials_done: int = 0
    #: How many bytes of JSON the trials of the embedded page take, where the participant is.
    trial_bytes: int = 0
    #: What was drawn or decided at an element, by path.
    draws: dict[str, Any] = field(default_factory=dict)
    #: Values that the author keeps for this participant.
    kept: dict[str, Any] = field(default_factory=dict)
    #: Answers that will be passed on to the next participant of the network.
    passed: list[Any] = field(default_factory=list)
    #: The answers that other participants can grade: item, round, and serial of the page.
    shared: list[list[Any]] = field(default_factory=list)
    #: The total of points, as a decimal number in a text.
    points: str = "0"
    #: Whether the participant has disconnected, so that their defaults are used at once.
    gone: bool = False
    #: How the participant's part ended: "complete", "screen_out", "stopped" ...; None while it goes on.
    ended: str | None = None
    #: A text for the participant at the end; "" for the usual one.
    message: str = ""
    #: The ids of the members of the group, if they are few: they are read together with it.
    mates: list[int] = field(default_factory=list)
    #: The groups that the participant has been in, oldest first.
    groups: list[int] = field(default_factory=list)
    #: Where the participant has gone on alone, after their group had ended early; None if it hasn't.
    alone_from: str | None = None
    #: The cohort that the participant belongs to; None outside of one.
    cohort: str | None = None
    #: The number of the visit, from 1. At a Session it is that of the visit to come.
    visit: int = 1
    #: For each book, by path: when it was opened first (began), the last page, and how many are finished.
    books: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Whether the participant wants no more reminders.
    unreminded: bool = False
    #: The seat in a live session, whose host paces pages; "" outside of one.
    live: str = ""
    #: Whether the page that is due was replaced by one that says to wait for the host.
    held: bool = False
    #: Whether the page of a live session is answered, and stays until the host goes on.
    answered: bool = False
    #: The seat in a class, whose assignments have rules; "" outside of one.
    class_seat: str = ""
    #: The clocks of timed assignments, by number: `since` when it runs (None while it stands still), and for
    #: how many seconds it `ran` before.
    work_clocks: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class StudyResponse(StoredFields):
    """The answers of one submission, stored once under the serial of its page."""

    kind: ClassVar[str] = "response"

    participant_id: int
    serial: int
    page: str
    path: str
    #: The innermost round around the page, by path and by number.
    scope: str = ""
    round: int | None = None
    node_id: int | None = None
    network_id: int | None = None
    shown_at: str | None = None
    answered_at: str | None = None
    #: Seconds between showing and answering, by the server's clock and by the browser's.
    seconds: float | None = None
    seconds_client: float | None = None
    #: Who answered: participant, timeout, autoplay, bot, stand_in or grader.
    by: str = "participant"
    #: The number of the participant's visit.
    visit: int = 1
    #: One entry for each item: item, kind, answer, attempt, correct, percent, points, graded_by, comment;
    #: `missed` is true for one that the participant hasn't given in time; one to an item of the item bank has
    #: its `item_version`.
    answers: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Draft(StoredFields):
    """What a participant has typed on the page that is due and not sent; it isn't exported."""

    kind: ClassVar[str] = "draft"

    participant_id: int
    serial: int
    saved_at: str
    #: Raw answers by item, which count when the time is up and they are valid.
    answers: dict[str, Any] = field(default_factory=dict)
    #: The values of the form's fields, for another device.
    fields: list[Any] = field(default_factory=list)


@dataclass
class GradeRecord(StoredFields):
    """A grade that a person has given to an answer; stored once, and exported as a row of the responses."""

    kind: ClassVar[str] = "grade"

    participant_id: int
    #: The serial of the response that it is about, its item, and the number among the grades of that answer.
    serial: int
    item: str
    number: int
    #: Who graded: "grader", or "peer".
    by: str
    page: str
    path: str
    scope: str = ""
    round: int | None = None
    node_id: int | None = None
    network_id: int | None = None
    #: The visit of the participant in which they answered.
    visit: int = 1
    #: When the grade was given.
    answered_at: str | None = None
    #: One entry, as in a response: item, kind, attempt, percent, points, graded_by, comment.
    answers: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class PeerAnswer(StoredFields):
    """An answer that other participants grade, and who has a seat at it; the answer is in its response."""

    kind: ClassVar[str] = "peer_answer"

    item: str
    scope: str
    participant_id: int
    serial: int
    #: The ids of the participants who grade it, or have graded it.
    graders: list[int] = field(default_factory=list)


@dataclass
class TrialBatch(StoredFields):
    """Trials that ran in the browser and were sent together; stored once under the number of the first."""

    kind: ClassVar[str] = "trial_batch"

    participant_id: int
    serial: int
    #: The number of the first trial, from 0.
    first: int
    page: str
    path: str
    node_id: int | None = None
    network_id: int | None = None
    answered_at: str | None = None
    by: str = "participant"
    #: The number of the participant's visit.
    visit: int = 1
    #: One entry for each trial: number (from 1), stimulus or data, key, response, correct, rt_ms.
    trials: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class EventBatch(StoredFields):
    """What happened on a page, sent with its answer or while it was closed."""

    kind: ClassVar[str] = "event_batch"

    participant_id: int
    serial: int
    page: str
    path: str
    received_at: str
    #: One entry for each event: event, act, item, and at_ms, the milliseconds since the page was shown.
    events: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class UploadRecord(StoredFields):
    """A file that a participant may send for an item, and that an answer refers to once it is stored."""

    kind: ClassVar[str] = "upload"

    participant_id: int
    serial: int
    item: str
    page: str
    path: str
    reference: str
    type: str
    size: int
    sha256: str
    granted_at: str
    #: When an answer was stored that refers to it; None for a file that was replaced or not sent.
    stored_at: str | None = None
    #: When the operator erased the file.
    erased_at: str | None = None


@dataclass
class GroupRecord(StoredFields):
    """A group of a study: its members, what they share, and which waits are over."""

    kind: ClassVar[str] = "study_group"

    network_id: int
    #: The element that formed it.
    element: str = ""
    #: One entry for each member: participant_id, node_id, role.
    members: list[dict[str, Any]] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    #: The cell of the design, by factor, and the slot that it came from, when groups are assigned.
    condition: dict[str, Any] = field(default_factory=dict)
    slot: str | None = None
    #: Decisions that all members share, by path.
    draws: dict[str, Any] = field(default_factory=dict)
    #: The waits that are over although members may not have moved on yet, by path.
    done: dict[str, str] = field(default_factory=dict)
    #: Why the group was stopped; None while it plays.
    stopped: str | None = None
    #: Why its members are released then: "error", or "dropout".
    exit_reason: str = ""
    #: Why the group ended before its last shared element, so that its members go on alone behind it.
    ended_early: str | None = None
    #: How many rows of live elements the group has; the number of the next one.
    rows: int = 0
    #: For each member, the second in which they last sent a message, and how many they sent in it.
    sent: dict[str, list[Any]] = field(default_factory=dict)
    #: The members for whom the group waits, and since when each is away.
    away: dict[str, str] = field(default_factory=dict)
    #: Since when the group's clocks stand still, None while they run; and for how long they did before.
    paused_at: str | None = None
    paused_seconds: float = 0.0

    def begin_absence(self, participant_id: int, now: datetime) -> None:
        """Record that the group waits for a member, and stop its clocks."""
        self.away[str(participant_id)] = iso(now)
        self.paused_at = self.paused_at or iso(now)

    def end_absence(self, participant_id: int, now: datetime) -> bool:
        """Record that the group doesn't wait for a member any more; return whether it did.

        The clocks go on when the group waits for no other member.
        """
        if self.away.pop(str(participant_id), None) is None:
            return False
        if not self.away:
            self.paused_seconds, self.paused_at = self.paused_for(now), None
        return True

    def paused_for(self, now: datetime) -> float:
        """Return for how many seconds the group's clocks have stood still."""
        if self.paused_at is None:
            return self.paused_seconds
        return self.paused_seconds + max(0.0, (now - datetime.fromisoformat(self.paused_at)).total_seconds())

    def member_ids(self) -> list[int]:
        """Return the members' ids, in the order in which they were placed."""
        return [int(member["participant_id"]) for member in self.members]

    def member(self, participant_id: int) -> dict[str, Any]:
        """Return the entry of a member."""
        return next(one for one in self.members if one["participant_id"] == participant_id)

    def set_state(self, name: str, value: Any) -> None:
        """Set a value that all members share."""
        require_serializable(value, f"group.state[{name!r}]")
        self.state[name] = value


@dataclass
class CohortRecord(StoredFields):
    """A cohort: its members, and with whom each is grouped where no two may meet twice. It never changes."""

    kind: ClassVar[str] = "cohort"

    #: The name by which places refer to it: the element that formed it, and its first member.
    name: str
    #: The members' ids, in the order in which they came.
    members: list[int] = field(default_factory=list)
    #: The groups of strangers, as members' ids, by the path of their Group.
    schedule: dict[str, list[list[int]]] = field(default_factory=dict)


@dataclass
class LiveRow(StoredFields):
    """A row that a live element has stored for a group: a message of a chat, a trade; never changed."""

    kind: ClassVar[str] = "live_row"

    network_id: int
    #: The number of the row among those of the group, from 0.
    number: int
    #: What it is, such as "chat" or "trade".
    name: str
    path: str = ""
    #: The participant whose message it belongs to; None for a row of a wait's function.
    participant_id: int | None = None
    at: str = ""
    values: dict[str, Any] = field(default_factory=dict)


def peer_key(cohort: str | None, answer: str) -> str:
    """Return the key of a participant among peers: their cohort, and what they have answered."""
    return f"{cohort or ''}|{answer}"


@dataclass
class Pooled(StoredFields):
    """A participant who waits for a group at an element."""

    kind: ClassVar[str] = "pooled"

    participant_id: int
    since: str
    #: What groups are matched by: the condition's key, or earlier partners.
    key: str = ""
    #: The group that has a seat for the participant, who takes it in a commit of their own; None: none yet.
    network_id: int | None = None
    #: The cohort that has a seat for them; None: none yet.
    cohort: str | None = None

    @property
    def cohort_of_peers(self) -> str:
        """The name of the cohort within which the participant meets peers, from a key of `peer_key`."""
        return self.key.partition("|")[0]

    @property
    def is_seated(self) -> bool:
        """Whether a group or a cohort has a seat for the participant."""
        return self.network_id is not None or self.cohort is not None


@dataclass
class VisitRecord(StoredFields):
    """A participant's part in one session after the first, from the moment at which it is scheduled."""

    kind: ClassVar[str] = "visit"

    participant_id: int
    #: The number of the visit, from 2.
    number: int
    #: The name of the session, and the path of its element.
    session: str
    path: str
    #: From when until when it can be begun.
    opens_at: str
    closes_at: str
    status: str = VisitStatus.WAITING.value
    began_at: str | None = None
    ended_at: str | None = None
    #: What the session pays, in US dollars, as it was when the visit was scheduled.
    pay: str = "0"
    #: The reminders by way and occasion: {"email|opening": {"status": "sent", "at": ...}}.
    reminders: dict[str, dict[str, Any]] = field(default_factory=dict)

    def begin(self, now: str) -> None:
        """Record that the participant begins the visit."""
        self.status, self.began_at = VisitStatus.OPEN.value, now

    def end(self, status: VisitStatus, now: str) -> None:
        """Record how the visit ended."""
        self.status, self.ended_at = status.value, now
