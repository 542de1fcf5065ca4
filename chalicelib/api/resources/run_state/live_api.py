"""/api/v1/live: who waits, which groups play and where, who has disconnected."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import ID_TEXT, LIMIT, NUMBER_CURSOR, NoParameters
from chalicelib.operations.management.run_state.live_actions import (
    FormedGroup,
    MovedGroup,
    form_group_now,
    move_on_from,
)
from chalicelib.operations.management.run_state.live_state import (
    MOST_ON_PAGE,
    LiveState,
    OpenedRoom,
    live_state,
    open_room,
)

RESOURCE: Final = "live"


@dataclass(frozen=True, slots=True)
class LivePage:
    """One page of those who take part, the latest first."""

    after: str | None = field(default=None, metadata=NUMBER_CURSOR)
    limit: int = field(default=MOST_ON_PAGE, metadata=LIMIT)


@dataclass(frozen=True, slots=True)
class FormAt:
    """Where participants wait for a group."""

    at: str = field(metadata={"min": 1, "max": 500, "help": "`at` of one of `early_groups` in live.read."})


@dataclass(frozen=True, slots=True)
class MoveFrom:
    """A group, and the page that its members are on."""

    id: str = field(metadata=ID_TEXT)
    page: str = field(
        metadata={"min": 1, "max": 500, "help": "As in live.read. A member who has gone on isn't moved."}
    )


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="live.read",
        method="GET",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=LivePage,
        answer=LiveState,
        run=lambda ctx, asked: live_state(ctx, asked.after, asked.limit),
        summary="Returns who waits, which groups play and where, and who has disconnected.",
    ),
    ApiOperation(
        name="live.open-room",
        method="POST",
        resource=RESOURCE,
        shape=Shape.ITEM,
        verb="open-room",
        right=Right.RUN_LIVE_SESSION,
        parameters=NoParameters,
        answer=OpenedRoom,
        run=lambda ctx, _: open_room(ctx),
        summary="Opens a room with those who wait, at least `min_size`, although it may not be full.",
    ),
    ApiOperation(
        name="live.form-group",
        method="POST",
        resource=RESOURCE,
        shape=Shape.ITEM,
        verb="form-group",
        right=Right.RUN_LIVE_SESSION,
        parameters=FormAt,
        answer=FormedGroup,
        run=lambda ctx, asked: form_group_now(ctx, asked.at),
        summary="Forms a group of a study of those who wait now, if the study allows one of that size.",
    ),
    ApiOperation(
        name="live.move-on",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="move-on",
        right=Right.RUN_LIVE_SESSION,
        parameters=MoveFrom,
        answer=MovedGroup,
        run=lambda ctx, asked: move_on_from(ctx, asked.id, asked.page),
        summary="Moves the members of a group of a study on from a page, as its time limit would.",
    ),
)
