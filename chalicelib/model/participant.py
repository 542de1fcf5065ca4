"""Defines participants: one person (or bot) who takes part once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from .record import Cascade, Failed, Kind, ObjectFields, Record, of_kind
from .record_classes import check_type
from .statuses import PARTICIPANT_TRANSITIONS, ParticipantStatus, check_transition

if TYPE_CHECKING:
    from .info import Info
    from .node import Node
    from .question import Question


#: The details that say in which visit a participant is, and which of their nodes precede it.
VISIT, IS_VISITING, EARLIER_NODES = "visit", "is_visiting", "earlier_nodes"
#: The detail that says how long the participant's paid visits after the first took.
VISIT_SECONDS = "visit_seconds"
#: The details that say how many bonuses were given by hand, and how many minutes of extra time.
HAND_BONUSES, EXTRA_MINUTES = "hand_bonuses", "extra_minutes"


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
        "early_exit_reason",
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
    status: str = ParticipantStatus.WORKING.value
    entry_information: dict[str, Any]
    fingerprint_hash: str | None = None
    #: When the participant consented and the hash of the text shown: {"time": ..., "hash": ...}.
    consent: dict[str, Any] | None = None
    node_ids: list[int]
    last_question: int = 0
    last_time: datetime | None = None
    requests: list[list[Any]]
    #: Tokens with an earlier serial are invalid.
    token_serial: int = 1
    #: The session (the token's serial) in which the newest node was made; 0 before the first.
    seated_serial: int = 0
    #: When the participant was first refused because every network is busy; None while not waiting.
    waiting_since: datetime | None = None
    #: Why the platform let the participant go early with pay ("busy", "withdrawn", "error"); or None.
    early_exit_reason: str | None = None
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
        """Make a participant; `create_participant` makes them part of the experiment.

        Args:
            recruiter_id: The nickname of the recruiter.
            worker_id: The recruiter's id of the person.
            assignment_id: The recruiter's id of this person's acceptance.
            hit_id: The recruiter's id of the listing.
            mode: `debug`, `sandbox` or `live`.
            fingerprint_hash: A hash of the browser's traits.
            entry_information: The other parameters of the entry link.

        """
        self.prepare()
        self.recruiter = recruiter_id
        self.worker_id = worker_id
        self.assignment_id = assignment_id
        self.hit_id = hit_id
        self.mode = mode
        self.fingerprint_hash = fingerprint_hash
        self.entry_information = entry_information or {}

    @property
    def released(self) -> str | None:
        """The former name of `early_exit_reason`."""
        return self.early_exit_reason

    @released.setter
    def released(self, reason: str | None) -> None:
        self.early_exit_reason = reason

    @property
    def is_working(self) -> bool:
        """Whether the participant is taking part: working and not at the end yet, or in a later visit."""
        return (self.status == ParticipantStatus.WORKING and self.end_time is None) or self.is_visiting

    @property
    def visit(self) -> int:
        """The number of the participant's visit: above 1 in a study that continues another day."""
        return int(self.details.get(VISIT, 1))

    @property
    def is_visiting(self) -> bool:
        """Whether the participant takes part in a visit after the first, whose submission has been made."""
        return bool(self.details.get(IS_VISITING))

    @property
    def hand_bonuses(self) -> int:
        """How many bonuses the participant was given by hand."""
        return int(self.details.get(HAND_BONUSES, 0))

    @property
    def extra_minutes(self) -> int:
        """By how many minutes the participant's time was extended."""
        return int(self.details.get(EXTRA_MINUTES, 0))

    def change_status(self, status: ParticipantStatus) -> None:
        """Change the status, if the table of transitions allows it.

        Args:
            status: The new status; the one that the record has may be given again.

        Raises:
            RuleBroken: The table doesn't allow the change.

        """
        self.status = check_transition(PARTICIPANT_TRANSITIONS, self.status, status)

    @property
    def unique_id(self) -> str:
        """The text `<worker_id>:<assignment_id>`."""
        return f"{self.worker_id}:{self.assignment_id}"

    def add_node(self, node: Node) -> None:
        """Record a node that was made for this participant.

        Args:
            node: The new node.

        """
        self.node_ids = [*self.node_ids, node.id]
        if self.waiting_since is not None:
            self.waiting_since = None

    def nodes(self, type: Kind | None = None, failed: Failed = False, **properties: Any) -> list[Node]:
        """Return the participant's nodes.

        Args:
            type: A class of nodes, to get only nodes of that class.
            failed: False for living nodes, True for failed ones, `"all"` for both.
            **properties: Values of typed properties, to get only nodes that have them.

        Returns:
            The nodes, oldest first.

        Raises:
            BadRequest: `type` isn't a class of nodes, or the class has no such property.

        """
        from .node import Node

        return of_kind(self.work.nodes_of(self), check_type(type, Node), failed, properties)

    def infos(self, type: Kind | None = None, failed: Failed = False, **properties: Any) -> list[Info]:
        """Return the infos that the participant's nodes made, failed nodes included.

        Args:
            type: A class of infos, to get only infos of that class.
            failed: False for living infos, True for failed ones, `"all"` for both.
            **properties: Values of typed properties, to get only infos that have them.

        Returns:
            The infos, oldest first.

        Raises:
            BadRequest: `type` isn't a class of infos, or the class has no such property.

        """
        from .info import Info

        infos = [info for node in self.work.nodes_of(self) for info in self.work.infos_at(node)]
        infos.sort(key=lambda info: (info.creation_time, info.id))
        return of_kind(infos, check_type(type, Info), failed, properties)

    def questions(self, type: Kind | None = None, failed: Failed = "all") -> list[Question]:
        """Return the participant's answers to questionnaires.

        Args:
            type: A class of questions, to get only questions of that class.
            failed: False for living questions, True for failed ones, `"all"` for both.

        Returns:
            The questions, oldest first.

        Raises:
            BadRequest: `type` isn't a class of questions, or `failed` has another value.

        """
        from .question import Question

        return of_kind(self.work.questions_of(self), check_type(type, Question), failed)

    @property
    def all_questions(self) -> list[Question]:
        """All questions that the participant answered, failed ones included."""
        return self.questions()

    @property
    def all_nodes(self) -> list[Node]:
        """All nodes of the participant, failed ones included."""
        return self.nodes(failed="all")

    @property
    def failure_cascade(self) -> Cascade:
        """What fails with this participant: their living nodes, then their questions."""
        return [self.nodes, lambda: self.questions(failed=False)]
