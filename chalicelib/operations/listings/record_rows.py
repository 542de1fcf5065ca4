"""The rows of lists: typed records with every column of the export; personal fields are marked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from chalicelib.model.statuses import PaymentStatus

#: An amount or a total with any number of decimals.
_ANY_DECIMAL: Final = {"any_decimal": True}
_PERSONAL: Final = {"personal": True}


def _personal(default: Any = None) -> Any:
    """A field that only those see who may view personal data."""
    return field(default=default, metadata=_PERSONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """What all records have in common."""

    id: int
    creation_time: datetime
    failed: bool = False
    failed_reason: str | None = None
    time_of_death: datetime | None = None
    property1: str | None = None
    property2: str | None = None
    property3: str | None = None
    property4: str | None = None
    property5: str | None = None
    details: dict[str, Any] | None = field(default_factory=dict)


# -- networks ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRow(RecordRow):
    """A network. Its infos are counted unless its nodes are too many for a list: then these are None."""

    type: str = "network"
    max_size: int
    full: bool = False
    role: str = "default"
    n_pending_infos: int | None = None
    n_completed_infos: int | None = None
    n_failed_infos: int | None = None
    n_alive_nodes: int = 0
    n_failed_nodes: int = 0
    object_type: str = "Network"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow(RecordRow):
    """A node of a network."""

    type: str = "node"
    network_id: int
    participant_id: int | None = None
    object_type: str = "Node"
    #: How many infos the node has made that haven't failed, and how many that have.
    n_infos: int = 0
    n_failed_infos: int = 0
    answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoRow(RecordRow):
    """An info that a node has made."""

    type: str = "info"
    origin_id: int
    network_id: int
    contents: str | None = None
    object_type: str = "Info"


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorRow(RecordRow):
    """A vector between two nodes."""

    origin_id: int
    destination_id: int
    network_id: int
    object_type: str = "Vector"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmissionRow(RecordRow):
    """An info that was sent along a vector."""

    vector_id: int
    origin_id: int
    destination_id: int
    info_id: int
    network_id: int
    receive_time: datetime | None = None
    status: str
    object_type: str = "Transmission"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformationRow(RecordRow):
    """A transformation of one info into another."""

    type: str = "transformation"
    info_in_id: int
    info_out_id: int
    node_id: int
    network_id: int
    object_type: str = "Transformation"


# -- participants -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantRow(RecordRow):
    """A participant."""

    type: str = "participant"
    recruiter: str = ""
    assignment_id: str | None = _personal()
    hit_id: str | None = _personal()
    mode: str | None = None
    end_time: datetime | None = None
    base_pay: Decimal | None = field(default=None, metadata=_ANY_DECIMAL)
    bonus: Decimal | None = field(default=None, metadata=_ANY_DECIMAL)
    status: str
    object_type: str = "Participant"
    entry_information: dict[str, Any] | None = field(default_factory=dict, metadata={"personal": True})
    worker_id: str | None = _personal()
    unique_id: str | None = _personal()
    fingerprint_hash: str | None = _personal()
    consent: dict[str, Any] | None = None
    #: Why the platform let the participant go early with pay.
    early_exit_reason: str | None = None
    #: Since when every network has been busy for them; None while they aren't waiting.
    waiting_since: datetime | None = None
    #: In a study: the cell of the design, the element that is due, how the part ended, the points, the visit.
    condition: dict[str, Any] = field(default_factory=dict)
    path: str | None = None
    ended: str | None = None
    points: Decimal | None = field(default=None, metadata=_ANY_DECIMAL)
    visit: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRow(RecordRow):
    """An answer to a questionnaire."""

    number: int | None = None
    type: str = "question"
    participant_id: int
    question: str | None = None
    response: str | None = None
    object_type: str = "Question"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRow:
    """A payment of the ledger."""

    id: str = field(metadata={"help": "The participant's id and the kind: `12-base`."})
    participant_id: int
    kind: str = field(metadata={"help": "base, bonus, compensation, screen-out, visit-2, bonus-1 and so on."})
    amount: Decimal = field(metadata={**_ANY_DECIMAL, "help": "US dollars."})
    status: PaymentStatus
    since: datetime | None = field(metadata={"help": "When it reached this status."})
    reason: str = field(metadata={"help": "The reason of the last transition."})
    is_stuck: bool = field(metadata={"help": "Whether it is overdue and not being sent."})
    recruiter: str
    worker_id: str | None = _personal()
    reference: str | None = field(default=None, metadata={**_PERSONAL, "help": "The recruiter's reference."})
    stated_reason: str | None = field(
        default=None, metadata={"help": "The reason that the participant sees at the recruiter."}
    )
    sent_time: datetime | None = None
    #: The id of the record in exports.
    record_id: int = 0
    creation_time: datetime | None = None
    failed: bool = False
    failed_reason: str | None = None
    time_of_death: datetime | None = None
    property1: str | None = None
    property2: str | None = None
    property3: str | None = None
    property4: str | None = None
    property5: str | None = None
    details: dict[str, Any] | None = field(default_factory=dict)


# -- the run ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRow(RecordRow):
    """A report of a recruiter, or of a page, about an assignment."""

    details: dict[str, Any] | None = field(default_factory=dict, metadata={"personal": True})
    assignment_id: str | None = _personal()
    event_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecruitmentRow(RecordRow):
    """A request to a recruiter, for more participants or to stop."""

    recruiter: str
    event_type: str
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLetterRow:
    """A message that failed too often. Its body may name people."""

    id: str
    kind: str
    why: str
    died: datetime
    body: dict[str, Any] | None = field(default_factory=dict, metadata={"personal": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRunRow:
    """A job of one minute of the last day."""

    job: str
    scheduled_for: datetime
    started: datetime
    ended: datetime | None = None
    #: What it returned or the error that ended it; None while it runs, or after its process ended.
    result: str | None = None
