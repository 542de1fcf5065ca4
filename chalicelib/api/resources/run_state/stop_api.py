"""/api/v1/stop: what is stopped for the whole run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import NoParameters
from chalicelib.operations.management.run_state.release_waiting import ReleasedWaiting, release_waiting
from chalicelib.operations.management.run_stops import StopAction, StopState, change_stop, read_stops

RESOURCE: Final = "stop"


@dataclass(frozen=True, slots=True)
class StopChange:
    """What to stop, or to allow again."""

    action: StopAction
    is_stopped: bool = field(default=True, metadata={"help": "False allows it again."})


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="stop.preview",
        method="GET",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=NoParameters,
        answer=StopState,
        run=lambda ctx, _: read_stops(ctx),
        summary="Returns what is stopped, and whom and how much each action would touch.",
    ),
    ApiOperation(
        name="stop.do",
        method="POST",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.RUN_LIVE_SESSION,
        parameters=StopChange,
        answer=StopState,
        run=lambda ctx, asked: change_stop(ctx, asked.action, is_stopped=asked.is_stopped),
        summary="Stops recruiting, entry, payments, or the run: recruiting and entry together; or allows "
        "them again, but for recruiting. Also requires Recruit, Edit participants or Pay.",
    ),
    ApiOperation(
        name="stop.release-waiting",
        method="POST",
        resource=RESOURCE,
        shape=Shape.ITEM,
        verb="release-waiting",
        right=Right.PAY,
        parameters=NoParameters,
        answer=ReleasedWaiting,
        run=lambda ctx, _: release_waiting(ctx),
        summary="Releases the first participants who wait for others, with pay; call it until none waits.",
    ),
)
