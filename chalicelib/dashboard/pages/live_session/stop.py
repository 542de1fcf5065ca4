"""Stop: freezes parts of a run at once; each action first says whom and how much it touches."""

from __future__ import annotations

from typing import Final

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import InvalidState, NotFound

_ADDRESS: Final = "/dashboard/stop"
_STOPPABLE: Final = ("recruiting", "entry", "payments", "run")


def show_stop(call: PageCall) -> Rendered:
    """Show what can be stopped, or carry out one action."""
    if call.method == "POST":
        return _change(call)
    return render("stop.html", call, stop=call.run("stop.preview"), said=call.one("said"))


def _change(call: PageCall) -> Rendered:
    if call.id in _STOPPABLE and call.part in ("stop", "allow"):
        before = call.run("stop.preview")
        call.run("stop.do", action=call.id, is_stopped=call.part == "stop")
        if call.id == "payments" and call.part == "allow":
            for _, refusal in call.run_for_each("payments.release", before.held_by_stop):
                raise refusal
        return redirect(_ADDRESS)
    if call.id == "waiting" and call.part == "release":
        return redirect(f"{_ADDRESS}?said={_release_waiting(call)}")
    raise NotFound("This page has no such action.")


def _release_waiting(call: PageCall) -> int:
    """Release all participants who wait, one by one: one who has got a place in the meantime plays on."""
    waiting = [str(participant) for participant in call.run("stop.preview").waiting]
    answers = call.run_for_each("participants.release", waiting, only_if_waiting=True)
    refused = [refusal for _, refusal in answers]
    for refusal in refused:
        if not isinstance(refusal, InvalidState):
            raise refusal
    return len(waiting) - len(refused)


PAGE = DashboardPage("stop", "Stop", Right.VIEW, show_stop)
