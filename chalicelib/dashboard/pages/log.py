"""The log: errors in groups, the latest lines with search, dead letters with replay."""

from __future__ import annotations

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import NotFound

_ADDRESS = "/dashboard/log"
_LEVELS = {"": "All lines", "warning": "Warnings and errors", "error": "Errors"}


def show_log(call: PageCall) -> Rendered:
    """Show the log, or replay or drop a dead letter."""
    if call.method == "POST":
        return _change(call)
    text, level = call.one("text"), call.one("level")
    return render(
        "log.html",
        call,
        log=call.run("log.list", text=text, level=level if level in _LEVELS else ""),
        errors=call.run("log.groups"),
        letters=call.run("dead-letters.list"),
        text=text,
        level=level,
        levels=_LEVELS,
    )


def _change(call: PageCall) -> Rendered:
    verbs = {"replay": "dead-letters.replay", "drop": "dead-letters.drop"}
    if call.id != "dead-letters" or call.part not in verbs:
        raise NotFound("This page has no such action.")
    for letter in call.all("ids"):
        call.run(verbs[call.part], id=letter)
    return redirect(f"{_ADDRESS}#dead-letters")


PAGE = DashboardPage("log", "Log", Right.EDIT_PARTICIPANTS, show_log, nav="Run")
