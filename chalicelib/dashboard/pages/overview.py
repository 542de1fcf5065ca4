"""The overview: where the run stands, how it goes, and what needs a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib import services
from chalicelib.access.rights import Right
from chalicelib.dashboard.charts import cumulative_counts
from chalicelib.dashboard.formats import format_duration
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered
from chalicelib.dashboard.rendering import render
from chalicelib.errors import VendorError
from chalicelib.operations.management.run_progress import RunProgress
from chalicelib.operations.management.run_state.state_of_run import RunOverview, RunState
from chalicelib.operations.management.run_state.stuck_rooms import StuckRoom

#: Above so many participants the page is updated less often, since it reads their records.
MANY: Final = 500
#: How many of the latest runs of jobs are looked at.
MOST_JOBS: Final = 20
_MINUTE: Final = 60
_MINUTES_OF_ERRORS: Final = 60
_TONES: Final = {RunState.RECRUITING: "good", RunState.CLOSED: "warn", RunState.FINISHED: "busy"}


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for a person: what it is, and the page on which to act."""

    text: str
    address: str
    button: str
    tone: str = "warn"


def show_overview(call: PageCall) -> Rendered:
    """Show the overview, or its numbers only."""
    overview: RunOverview = call.run("overview.read")
    progress: RunProgress = call.run("overview.progress")
    health = _health(call, services.current().clock.now())
    unit_seconds = _MINUTE if max(progress.seconds, default=0) > _MINUTE * 3 else 1
    now = services.current().clock.now()
    return render(
        "overview.html",
        call,
        overview=overview,
        progress=progress,
        tone=_TONES.get(overview.state, ""),
        needs=[*_needs(overview, progress), *_errors(health)],
        health=health,
        chart=_chart(progress, now),
        times=[seconds / unit_seconds for seconds in progress.seconds],
        unit="min" if unit_seconds == _MINUTE else "s",
        seconds_between=5 if overview.arrived <= MANY else 30,
    )


def _needs(overview: RunOverview, progress: RunProgress) -> Iterator[Need]:
    if overview.state is RunState.NOT_LAUNCHED:
        place = _page_or("recruitment", "stop")
        yield Need("The run hasn't been launched, so participants can't take part yet.", place, "Recruiting")
    if overview.dead_letters:
        what = _number(overview.dead_letters, "message has failed", "messages have failed")
        yield Need(f"{what} too often and waits for you.", "log#dead-letters", "Look at the messages", "bad")
    for count, one, many, tone in (
        (progress.held_payments, "payment is held", "payments are held", "warn"),
        (progress.refused_payments, "payment was refused", "payments were refused", "bad"),
        (progress.stuck_payments, "payment is overdue", "payments are overdue", "bad"),
    ):
        if count:
            place = _page_or("money", "participants")
            yield Need(f"{_number(count, one, many)}.", place, "Look at payments", tone)
    yield from map(_need_of_room, progress.stuck_rooms)
    if overview.hard_cap is not None and overview.owed + overview.reserved >= overview.hard_cap:
        text = "The hard cap is reached, so no more places are opened. Raise hard_cap to continue."
        yield Need(text, _page_or("money", "stop"), "Look at the money")


def _need_of_room(room: StuckRoom) -> Need:
    """Say who waits in vain and why; the page Live lets them go with pay, or begin without the others."""
    who = _number(room.waiting, "participant waits", "participants wait")
    if not room.can_fill:
        text = (
            f"{who} in {room.name}, which takes {room.size} and can't fill any more: recruitment is closed, "
            "and no other participant can come."
        )
        return Need(text, "live#waiting", "Look at who waits", "bad")
    limit = format_duration((room.limit_minutes or 0) * _MINUTE)
    text = f"{who} in {room.name}, the first of them longer than the {limit} that the experiment allows."
    return Need(text, "live#waiting", "Look at who waits", "bad")


@dataclass(frozen=True, slots=True)
class Health:
    """What shows that the run works."""

    #: How many errors the log has of the last hour; None if this actor or this process can't read it.
    errors: int | None
    #: How many seconds ago the last scheduled job ran; None before the first.
    seconds_since_job: float | None
    #: The latest runs of jobs that failed.
    failed_jobs: int


def _health(call: PageCall, now: datetime) -> Health:
    jobs = call.run("jobs.list", limit=MOST_JOBS).rows
    since = (now - jobs[0].started).total_seconds() if jobs else None
    failed = sum(1 for job in jobs if (job.result or "").startswith("failed"))
    return Health(_errors_of_last_hour(call, now), since, failed)


def _errors_of_last_hour(call: PageCall, now: datetime) -> int | None:
    if not call.actor.may(Right.EDIT_PARTICIPANTS):
        return None
    try:
        log = call.run("log.list", level="error", minutes=_MINUTES_OF_ERRORS)
    except VendorError:
        # The service that keeps the log doesn't answer, which the page Log says; the rest is shown.
        return None
    if not log.is_readable:
        return None
    since = now - timedelta(hours=1)
    return sum(1 for line in log.lines if line.at and datetime.fromisoformat(line.at) > since)


def _errors(health: Health) -> Iterator[Need]:
    if health.errors:
        what = _number(health.errors, "error was", "errors were")
        yield Need(f"{what} logged in the last hour.", "log", "Look at the log", "bad")


def _page_or(name: str, other: str) -> str:
    """Return the page that is for something, or another one in a dashboard that lacks it."""
    # Lazy import: the registry imports this module.
    from chalicelib.dashboard.registry import find_page

    return other if find_page(name) is None else name


def _number(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _chart(progress: RunProgress, now: datetime) -> dict[str, list[int]] | None:
    """Return arrivals and completions over time; None before the first participant."""
    if not progress.arrivals:
        return None
    since = progress.arrivals[0]
    until = max([*progress.completions[-1:], *progress.arrivals[-1:]])
    until = now if (now - until).total_seconds() < 600 else until  # noqa: PLR2004 - ten quiet minutes end the chart
    arrived = cumulative_counts(progress.arrivals, since, until)
    completed = cumulative_counts(progress.completions, since, until)
    return {
        "times": [moment for moment, _ in arrived],
        "arrived": [count for _, count in arrived],
        "completed": [count for _, count in completed],
    }


PAGE = DashboardPage("overview", "Overview", Right.VIEW, show_overview, nav="Run")
