"""/api/v1/live: who waits, which groups play and where, who has disconnected."""

from __future__ import annotations

from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import NoParameters
from chalicelib.operations.management.run_state.live_state import (
    LiveState,
    OpenedRoom,
    live_state,
    open_room,
)

RESOURCE: Final = "live"

OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="live.read",
        method="GET",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=NoParameters,
        answer=LiveState,
        run=lambda ctx, _: live_state(ctx),
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
        summary="Opens a room with those who wait, although it may not be full.",
    ),
)
