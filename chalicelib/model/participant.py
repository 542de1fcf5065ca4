"""A participant: one person (or bot) who takes part once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.model.record import alive, of_kind

from .record import Cascade, Failed, Kind, ObjectFields, Record
from .record_classes import check_type

if TYPE_CHECKING:
    from .info import Info
    from .node import Node
    from .question import Question

WORKING = "working"
PARTICIPANT_STATUSES = (
    WORKING,
    "overrecruited",
    "submitted",
    "approved",
    "rejected",
    "returned",
    "abandoned",
    "did_not_attend",
    "bad_data",
    "missing_notification",
    "replaced",
    "screened_out",
)
#: Statuses with which nothing more is expected of somebody, and no place is theirs any more.
FINISHED_STATUSES = frozenset(
    {
        "approved",
        "rejected",
        "returned",
        "abandoned",
        "did_not_attend",
        "bad_data",
        "missing_notification",
    }
)
#: Statuses of people who did their part; their nodes stand.
SUCCESSFUL_STATUSES = ("submitted", "approved")


class Participant(Record):
    """A person in the experiment, with the recruiter's ids and the status of their work."""

    type = "participant"
    object_type: ClassVar[str] = "Participant"
    own_fields: ClassVar[tuple[str, ...]] = (
        "type",
        "recruiter",
        "assignment_id",
        "hit_id",
        "mode",
        "end_time",
        "base_pay",
        "bonus",
        "status",
        "object_type",
        "entry_information",
    )
    kept_fields: ClassVar[tuple[str, ...]] = (
        "type",
        "recruiter",
        "worker_id",
        "assignment_id",
        "hit_id",
        "mode",
        "end_time",
        "base_pay",
        "bonus",
        "status",
        "entry_information",
        "fingerprint_hash",
        "consent",
        "node_ids",
        "last_question",
        "last_time",
        "requests",
        "token_serial",
        "seated_serial",
        "waiting_since",
        "released",
        "task_completed",
    )

    object_fields: ClassVar[ObjectFields] = (
        ("details", dict),
        ("entry_information", dict),
        ("node_ids", list),
        ("requests", list),
    )

    recruiter: str = ""
    worker_id: str = ""
    assignment_id: str = ""
    hit_id: str = ""
    mode: str = "debug"
    end_time: datetime | None = None
    base_pay: Decimal | None = None
    bonus: Decimal | None = None
    status: str = WORKING
    entry_information: dict[str, Any]
    fingerprint_hash: str | None = None
    #: When the participant consented and the hash of the text shown: {"time": ..., "hash": ...}.
    consent: dict[str, Any] | None = None
    node_ids: list[int]
    last_question: int = 0
    last_time: datetime | None = None
    requests: list[list[Any]]
    #: Tokens of earlier serials have ended.
    token_serial: int = 1
    #: The session (the token's serial) that was given the newest node; 0 before the first.
    seated_serial: int = 0
    #: When the participant was first told that every network is busy; None while not waiting.
    waiting_since: datetime | None = None
    #: Why the platform let the participant go early with pay ("busy", "withdrawn", "error"); or None.
    released: str | None = None
    #: Whether the experiment knows that the participant has finished the task.
    task_completed: bool = False

    def __init__(
        self,
        recruiter_id: str = "",
        worker_id: str = "",
        assignment_id: str = "",
        hit_id: str = "",
        mode: str = "debug",
        fingerprint_hash: str | None = None,
        entry_information: dict[str, Any] | None = None,
    ) -> None:
        """Describe a participant; `create_participant` makes it part of the experiment."""
        self.prepare()
        self.recruiter = recruiter_id
        self.worker_id = worker_id
        self.assignment_id = assignment_id
        self.hit_id = hit_id
        self.mode = mode
        self.fingerprint_hash = fingerprint_hash
        self.entry_information = entry_information or {}

    @property
    def is_working(self) -> bool:
        """Whether the participant is still taking part: working, and not at the end yet."""
        return self.status == WORKING and self.end_time is None

    @property
    def unique_id(self) -> str:
        """`<worker_id>:<assignment_id>`."""
        return f"{self.worker_id}:{self.assignment_id}"

    def add_node(self, node: Node) -> None:
        """Remember a node that was made for this participant."""
        self.node_ids = [*self.node_ids, node.id]
        if self.waiting_since is not None:
            self.waiting_since = None

    def nodes(self, type: Kind | None = None, failed: Failed = False, **properties: Any) -> list[Node]:
        """Return the participant's nodes, living by default."""
        from .node import Node

        return of_kind(self.work.nodes_of(self), check_type(type, Node), failed, properties)

    def infos(self, type: Kind | None = None, failed: Failed = False, **properties: Any) -> list[Info]:
        """Return infos of all the participant's nodes; `failed` filters the infos, not the nodes."""
        from .info import Info

        made = [info for node in self.work.nodes_of(self) for info in self.work.infos_at(node)]
        made.sort(key=lambda info: (info.creation_time, info.id))
        return of_kind(made, check_type(type, Info), failed, properties)

    def questions(self, type: Kind | None = None, failed: Failed = "all") -> list[Question]:
        """Return what the participant answered, oldest first; `failed` narrows the list, as elsewhere."""
        from .question import Question

        return alive(of_kind(self.work.questions_of(self), check_type(type, Question), "all"), failed)

    @property
    def all_questions(self) -> list[Question]:
        """Every question answered, failed ones included."""
        return self.questions()

    @property
    def all_nodes(self) -> list[Node]:
        """Every node, failed ones included."""
        return self.nodes(failed="all")

    @property
    def failure_cascade(self) -> Cascade:
        """Living nodes, then questions."""
        return [self.nodes, lambda: self.questions(failed=False)]
