"""The log: errors in groups, the latest lines with search, dead letters with replay."""

from __future__ import annotations

from typing import Any

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import NotFound
from chalicelib.operations.listings.record_rows import JobRunRow

_ADDRESS = "/dashboard/log"
#: How many of the latest runs of scheduled jobs are shown.
MOST_JOBS = 20
_LEVELS = {"": "All lines", "warning": "Warnings and errors", "error": "Errors"}


def show_log(call: PageCall) -> Rendered:
    """Show the log, or replay or drop a dead letter."""
    if call.method == "POST":
        return _change(call)
    jobs = call.run("jobs.list", limit=MOST_JOBS).rows
    text, level = call.one("text"), call.one("level")
    return render(
        "log.html",
        call,
        log=call.run("log.list", text=text, level=level if level in _LEVELS else ""),
        errors=call.run("log.groups"),
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
