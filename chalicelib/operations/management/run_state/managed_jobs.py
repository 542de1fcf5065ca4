"""Jobs of the clock as people manage them: a scheduled function of the experiment is run now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.errors import InvalidState, NotFound, PetriError
from chalicelib.experiment.routes import ScheduledFunction
from chalicelib.operations.schedule import ticks, timers
from chalicelib.operations.shared.context import Context

#: How the scheduler names the jobs of scheduled functions.
PREFIX: Final = "scheduled "
BY_HAND: Final = " (by hand)"


@dataclass(frozen=True, slots=True)
class RunJob:
    """A run of a job by hand, which is among the runs of jobs."""

    job: str
    started: datetime
    result: str


def run_job_now(ctx: Context, job: str, schedules: Iterable[ScheduledFunction]) -> RunJob:
    """Run a scheduled function of the experiment now, in this commit, and record the run.

    InvalidState before the launch, and with the function's error, after which nothing is changed.
    """
    schedule = next((each for each in schedules if f"{PREFIX}{each.name}" == job), None)
    if schedule is None:
        raise NotFound(
            f"There is no job {job[:60]!r} that can be run by hand; scheduled functions can, as "
            f"`{PREFIX}<function>`.",
            code="job_not_found",
        )
    if not timers.is_launched(ctx):
        raise InvalidState("The experiment hasn't been launched, so its scheduled functions don't run yet.")
    minute = int(ctx.now.timestamp()) // 60
    try:
        timers.call_scheduled(ctx, schedule.name, schedule.function, schedule.is_method, minute)
    except PetriError:
        raise
    except Exception as error:
        # An author's code may raise anything; the caller has to see it, and nothing of the run is committed.
        raise InvalidState(f"{schedule.name}() failed: {type(error).__name__}: {error}") from error
    ticks.record_run(ctx, f"{job}{BY_HAND}", minute, "done")
    return RunJob(f"{job}{BY_HAND}", ctx.now, "done")
