"""The overview: where the run stands, how it goes, and what needs a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib import services
from chalicelib.access.rights import Right
from chalicelib.dashboard.charts import cumulative_counts
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered
from chalicelib.dashboard.rendering import render
from chalicelib.operations.management.run_progress import RunProgress
from chalicelib.operations.management.run_state.state_of_run import RunOverview, RunState

#: Above so many participants the page is updated less often, since it reads their records.
MANY: Final = 500
_MINUTE: Final = 60
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
    unit_seconds = _MINUTE if max(progress.seconds, default=0) > _MINUTE * 3 else 1
    now = services.current().clock.now()
    return render(
        "overview.html",
        call,
        overview=overview,
        progress=progress,
        tone=_TONES.get(overview.state, ""),
        needs=list(_needs(overview, progress)),
        chart=_chart(progress, now),
        times=[seconds / unit_seconds for seconds in progress.seconds],
        unit="min" if unit_seconds == _MINUTE else "s",
        seconds_between=5 if overview.arrived <= MANY else 30,
    )


def _needs(overview: RunOverview, progress: RunProgress) -> Iterator[Need]:
    if overview.state is RunState.NOT_LAUNCHED:
        yield Need("The run hasn't been launched, so nobody can take part yet.", "recruitment", "Launch it")
    if overview.dead_letters:
        what = _number(overview.dead_letters, "message has failed", "messages have failed")
        yield Need(f"{what} too often and waits for you.", "log#dead-letters", "Look at the messages", "bad")
    for count, one, many, tone in (
        (progress.held_payments, "payment is held", "payments are held", "warn"),
        (progress.refused_payments, "payment was refused", "payments were refused", "bad"),
        (progress.stuck_payments, "payment is overdue", "payments are overdue", "bad"),
    ):
        if count:
            yield Need(
                f"{_number(count, one, many)}.", "participants?payments=problem", "Look at payments", tone
            )
    if overview.hard_cap is not None and overview.owed + overview.reserved >= overview.hard_cap:
        text = "The hard cap is reached, so no more places are opened. Raise hard_cap to continue."
        yield Need(text, "stop", "Look at the money")


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
