"""/api/v1/overview and /api/v1/pulse: the state of the run."""

from __future__ import annotations

from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import NoParameters
from chalicelib.operations.management.run_progress import RunProgress, read_progress
from chalicelib.operations.management.run_state.pulse import RunPulse, pulse
from chalicelib.operations.management.run_state.state_of_run import RunOverview, overview

OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="overview.read",
        method="GET",
        resource="overview",
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=NoParameters,
        answer=RunOverview,
        run=lambda ctx, _: overview(ctx),
        summary="Returns the state of the run: participants, places, money, dead letters.",
    ),
    ApiOperation(
        name="overview.progress",
        method="GET",
        resource="overview",
        shape=Shape.ITEM,
        verb="progress",
        right=Right.VIEW,
        parameters=NoParameters,
        answer=RunProgress,
        run=lambda ctx, _: read_progress(ctx),
        summary="Returns how far the run has come: funnel, completions, times, pay, payments with problems.",
    ),
    ApiOperation(
        name="pulse.read",
        method="GET",
        resource="pulse",
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=NoParameters,
        answer=RunPulse,
        run=lambda ctx, _: pulse(ctx),
        summary="Returns counts that change as the run goes on, to ask for every few seconds with the ETag.",
    ),
)
