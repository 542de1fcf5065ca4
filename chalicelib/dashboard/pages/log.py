"""The log: errors in groups, the latest lines with search, dead letters with replay."""

from __future__ import annotations

from typing import Any

from chalicelib import services
from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import NotFound, VendorError
from chalicelib.operations.listings.record_rows import JobRunRow

_ADDRESS = "/dashboard/log"
#: How many of the latest runs of scheduled jobs are shown.
MOST_JOBS = 20
#: How often the page is updated: reading a log that a service keeps takes many calls.
_SECONDS_OF_A_FILE, _SECONDS_OF_A_SERVICE = 5, 15
#: The times that can be looked at, in minutes.
_WINDOWS = {
    "15": "Last 15 minutes",
    "60": "Last hour",
    "360": "Last 6 hours",
    "1440": "Last day",
    "10080": "Last week",
}
_LEVELS = {"": "All lines", "warning": "Warnings and errors", "error": "Errors"}


def show_log(call: PageCall) -> Rendered:
    """Show the log, or replay or drop a dead letter."""
    if call.method == "POST":
        return _change(call)
    jobs = call.run("jobs.list", limit=MOST_JOBS).rows
    text, level, window = call.one("text"), call.one("level"), call.one("minutes")
    minutes = int(window) if window in _WINDOWS else None
    log, errors, problem = None, None, ""
    try:
        log = call.run("log.list", text=text, level=level if level in _LEVELS else "", minutes=minutes)
        errors = call.run("log.groups", minutes=minutes)
    except VendorError as error:
        problem = str(error)
    usual = services.current().log.usual_minutes
    return render(
        "log.html",
        call,
        log=log,
        errors=errors,
        problem=problem,
        minutes=str(minutes or usual or ""),
        windows=_WINDOWS if usual else {"": "All", **_WINDOWS},
        seconds_between=_SECONDS_OF_A_SERVICE if usual else _SECONDS_OF_A_FILE,
        letters=call.run("dead-letters.list"),
        jobs=jobs,
        job_rows=[_job_row(job) for job in jobs],
        text=text,
        level=level,
        levels=_LEVELS,
    )


def _job_row(job: JobRunRow) -> list[Any]:
    seconds = None if job.ended is None else (job.ended - job.started).total_seconds()
    return [job.job.replace("_", " "), job.scheduled_for, seconds, job.result or "is running, or was cut off"]


def _change(call: PageCall) -> Rendered:
    verbs = {"replay": "dead-letters.replay", "drop": "dead-letters.drop"}
    if call.id != "dead-letters" or call.part not in verbs:
        raise NotFound("This page has no such action.")
    for letter in call.all("ids"):
        call.run(verbs[call.part], id=letter)
    return redirect(f"{_ADDRESS}#dead-letters")


PAGE = DashboardPage("log", "Log", Right.EDIT_PARTICIPANTS, show_log, nav="Run")
