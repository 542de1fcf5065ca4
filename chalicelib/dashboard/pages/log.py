"""The log: errors in groups, the latest lines with search, dead letters with replay."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from chalicelib import services
from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import InvalidState, NotFound, VendorError
from chalicelib.operations.listings.record_rows import JobRunRow
from chalicelib.operations.management.run_state.managed_jobs import PREFIX

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
#: The segment of the page that asks before a scheduled function runs.
_RUN = "run"
_LEVELS = {"": "All lines", "warning": "Warnings and errors", "error": "Errors"}


def show_log(call: PageCall) -> Rendered:
    """Show the log, replay or drop a dead letter, or run a scheduled function now."""
    if call.part == _RUN:
        return _run(call, str(call.id))
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
        scheduled=_scheduled() if call.actor.may(Right.RUN_LIVE_SESSION) else [],
        ran=call.one("ran"),
    )


def _scheduled() -> list[tuple[str, str]]:
    """Return the author's scheduled functions: the name of each one's job, and when it runs."""
    return [(f"{PREFIX}{one.name}", _interval(one.minutes)) for one in services.current().scheduled]


def _interval(minutes: int) -> str:
    return "every minute" if minutes == 1 else f"every {minutes} minutes"


def _run(call: PageCall, job: str) -> Rendered:
    """Ask before a scheduled function runs now, and run it."""
    known = dict(_scheduled())
    if job not in known:
        raise NotFound("There is no such scheduled function.")
    refused = ""
    if call.method == "POST":
        try:
            call.run("jobs.run", id=job)
        except InvalidState as refusal:
            refused = str(refusal)
        else:
            return redirect(f"{_ADDRESS}?{urlencode({'ran': job})}#jobs")
    status = 409 if refused else 200
    return render("job_run.html", call, status=status, job=job, when=known[job], refused=refused)


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


PAGE = DashboardPage("log", "Log", Right.EDIT_PARTICIPANTS, show_log, nav="Run", in_labs=True)
