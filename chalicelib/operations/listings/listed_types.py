"""The table of all types of records that can be listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.errors import BadRequest, NotFound
from chalicelib.operations.shared.context import Context

from .listing import NO_FILTER, Listing, RecordFilter
from .message_lists import RunMessageRow, list_messages
from .network_lists import list_networks, list_nodes
from .network_records import list_infos, list_transformations, list_transmissions, list_vectors
from .participant_lists import list_participants
from .participant_records import (
    list_events,
    list_grades,
    list_questions,
    list_readings,
    list_responses,
    list_reviews,
    list_trials,
    list_uploads,
)
from .payment_lists import list_payments_page
from .record_rows import (
    InfoRow,
    JobRunRow,
    NetworkRow,
    NodeRow,
    NotificationRow,
    ParticipantRow,
    PaymentRow,
    QuestionRow,
    RecruitmentRow,
    StoredLetterRow,
    TransformationRow,
    TransmissionRow,
    VectorRow,
)
from .run_lists import list_dead_letters_page, list_job_runs, list_notifications, list_recruitments
from .study_rows import EventRow, GradeRow, ReadingRow, ResponseRow, ReviewRow, TrialRow, UploadRow


@dataclass(frozen=True, slots=True)
class RecordType:
    """A type of records: its rows, the function that lists them, and the filters that they have."""

    name: str
    row: type[Any]
    read: Callable[..., Listing[Any]]
    filters: frozenset[str]


def _type(name: str, row: type[Any], read: Callable[..., Listing[Any]], *filters: str) -> RecordType:
    return RecordType(name, row, read, frozenset(filters))


_IN_NETWORK: Final = ("type", "failed", "network_id", "node_id", "text")
_OF_PARTICIPANT: Final = ("type", "participant_id", "text")
_OF_PAGE: Final = (*_OF_PARTICIPANT, "network_id", "node_id")

#: Every type of records, by the name that its table has in an export.
RECORD_TYPES: Final[Mapping[str, RecordType]] = {
    one.name: one
    for one in (
        _type(
            "participant",
            ParticipantRow,
            list_participants,
            *("status", "condition", "recruiter", "type", "failed", "participant_id", "text"),
        ),
        _type("network", NetworkRow, list_networks, "status", "type", "failed", "network_id", "text"),
        _type("node", NodeRow, list_nodes, "type", "failed", "network_id", "participant_id", "text"),
        _type("info", InfoRow, list_infos, *_IN_NETWORK),
        _type("vector", VectorRow, list_vectors, *(name for name in _IN_NETWORK if name != "type")),
        _type(
            "transmission",
            TransmissionRow,
            list_transmissions,
            *("status", *(name for name in _IN_NETWORK if name != "type")),
        ),
        _type("transformation", TransformationRow, list_transformations, *_IN_NETWORK),
        _type("question", QuestionRow, list_questions, *_OF_PARTICIPANT, "failed"),
        _type("payment", PaymentRow, list_payments_page, "status", *_OF_PARTICIPANT),
        _type("notification", NotificationRow, list_notifications, "type", "text"),
        _type("recruitment", RecruitmentRow, list_recruitments, "type", "recruiter"),
        _type("response", ResponseRow, list_responses, *_OF_PAGE),
        _type("grade", GradeRow, list_grades, *_OF_PAGE),
        _type("trial", TrialRow, list_trials, *_OF_PAGE),
        _type("event", EventRow, list_events, *_OF_PARTICIPANT),
        _type("upload", UploadRow, list_uploads, *_OF_PARTICIPANT),
        _type("reading", ReadingRow, list_readings, *_OF_PARTICIPANT),
        _type("review", ReviewRow, list_reviews, *_OF_PARTICIPANT),
        _type("run_message", RunMessageRow, list_messages, "type", "participant_id", "text"),
        _type("dead_letter", StoredLetterRow, list_dead_letters_page, "type", "text"),
        _type("job_run", JobRunRow, list_job_runs, "status", "type", "text"),
    )
}


def record_type(name: str) -> RecordType:
    """Return a type of records; NotFound for an unknown one."""
    found = RECORD_TYPES.get(name)
    if found is None:
        raise NotFound(
            f"There are no records of type {name[:40]!r}; the types are {', '.join(RECORD_TYPES)}.",
            code="record_type_not_found",
        )
    return found


def list_records(
    ctx: Context,
    name: str,
    record_filter: RecordFilter = NO_FILTER,
    cursor: str | None = None,
    limit: int = 50,
) -> Listing[Any]:
    """Return records of a type; BadRequest for a filter that they don't have."""
    found = record_type(name)
    unknown = sorted(record_filter.given() - found.filters)
    if unknown:
        raise BadRequest(
            f"Records of type {name} can't be filtered by {unknown[0]}; filter them by "
            f"{', '.join(sorted(found.filters))}.",
            code="unknown_filter",
        )
    return found.read(ctx, record_filter, cursor, limit)
