"""/api/v1/participants: the list of participants, and everything that one of them has done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import CONDITION, KEY_CURSOR, LIMIT, One, known_page
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.listings.listing import Listing, RecordFilter
from chalicelib.operations.listings.participant_lists import list_participants
from chalicelib.operations.listings.record_rows import ParticipantRow
from chalicelib.operations.management.participant_timeline import ParticipantTimeline, read_timeline
from chalicelib.operations.shared.context import Context

RESOURCE: Final = "participants"


@dataclass(frozen=True, slots=True)
class ParticipantFilter:
    """Which participants to list."""

    status: ParticipantStatus | None = None
    condition: str | None = field(default=None, metadata=CONDITION)
    recruiter: str | None = field(default=None, metadata={"max": 50})
    failed: bool | None = None
    text: str | None = field(
        default=None,
        metadata={"min": 1, "max": 200, "help": "An id, or a part of a worker's id."},
    )
    after: str | None = field(default=None, metadata=KEY_CURSOR)
    limit: int = field(default=50, metadata=LIMIT)


def _list(ctx: Context, asked: ParticipantFilter) -> Listing[ParticipantRow]:
    chosen = RecordFilter(
        status=asked.status,
        condition=asked.condition,
        recruiter=asked.recruiter,
        failed=asked.failed,
        text=asked.text,
    )
    with known_page():
        return list_participants(ctx, chosen, asked.after, asked.limit)


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="participants.list",
        method="GET",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=ParticipantFilter,
        answer=Listing[ParticipantRow],
        run=_list,
        summary="Lists participants, newest first.",
    ),
    ApiOperation(
        name="participants.timeline",
        method="GET",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="timeline",
        right=Right.VIEW,
        parameters=One,
        answer=ParticipantTimeline,
        run=lambda ctx, one: read_timeline(ctx, one.id),
        summary="Returns everything that happened to a participant, oldest first.",
    ),
)
