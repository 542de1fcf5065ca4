"""/api/v1/jobs: scheduled functions, run by hand; their runs are listed with the records."""

from __future__ import annotations

from typing import Final

from chalicelib import services
from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import One
from chalicelib.operations.management.run_state.managed_jobs import RunJob, run_job_now
from chalicelib.operations.shared.context import Context


def _run(ctx: Context, one: One) -> RunJob:
    return run_job_now(ctx, one.id, services.current().scheduled)


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="jobs.run",
        method="POST",
        resource="jobs",
        shape=Shape.VERB,
        verb="run",
        right=Right.RUN_LIVE_SESSION,
        parameters=One,
        answer=RunJob,
        run=_run,
        summary="Runs a scheduled function of the experiment now, such as `scheduled clean_up`.",
    ),
)
