"""Live: who waits, which groups and rooms play and where, and who has disconnected."""

from __future__ import annotations

from typing import Final

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import InvalidState, NotFound

_ADDRESS: Final = "/dashboard/live"


def show_live(call: PageCall) -> Rendered:
    """Show the run at this moment, or open a room."""
    if call.method == "POST":
        return _open_room(call)
    if call.id is not None:
        raise NotFound("There is no such page.")
    return _show(call)


def _show(call: PageCall, refused: str = "") -> Rendered:
    live = call.run("live.read")
    return render(
        "live.html",
        call,
        status=409 if refused else 200,
        live=live,
        disconnected=[
            member
            for some in (live.alone, *(group.members for group in live.groups))
            for member in some
            if member.is_disconnected
        ],
        playing=len(live.alone) + sum(len(group.members) for group in live.groups),
        may_open=call.actor.may(Right.RUN_LIVE_SESSION),
        may_release=call.actor.may(Right.PAY),
        opened=call.one("opened"),
        refused=refused,
    )


def _open_room(call: PageCall) -> Rendered:
    if (call.id, call.part) != ("room", "open"):
        raise NotFound("This page has no such action.")
    try:
        opened = call.run("live.open-room")
    except InvalidState as refusal:
        return _show(call, str(refusal))
    return redirect(f"{_ADDRESS}?opened={len(opened.members)}")


PAGE = DashboardPage("live", "Live", Right.VIEW, show_live, nav="Run")
