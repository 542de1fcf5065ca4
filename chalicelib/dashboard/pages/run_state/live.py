"""Live: who waits, which groups and rooms play and where, and who has disconnected."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import InvalidState, NotFound

_ADDRESS: Final = "/dashboard/live"
#: In how many commits the members of one group are moved on; each moves twelve.
_MOST_COMMITS: Final = 10


def show_live(call: PageCall) -> Rendered:
    """Show the run at this moment, or carry out one action."""
    if call.method == "POST":
        return _act(call)
    if call.id is not None:
        raise NotFound("There is no such page.")
    return _show(call)


def _show(call: PageCall, refused: str = "") -> Rendered:
    after = call.one("after") or None
    live = call.run("live.read", after=after)
    return render(
        "live.html",
        call,
        status=409 if refused else 200,
        live=live,
        is_first=after is None,
        next=f"{_ADDRESS}?after={live.next}" if live.next else None,
        disconnected=[
            member
            for some in (live.alone, *(group.members for group in live.groups))
            for member in some
            if member.is_disconnected
        ],
        playing=len(live.alone) + sum(len(group.members) for group in live.groups),
        may_open=call.actor.may(Right.RUN_LIVE_SESSION),
        may_release=call.actor.may(Right.PAY),
        may_select=call.actor.may(Right.PAY) or call.actor.may(Right.RUN_LIVE_SESSION),
        movable={group.network_id: _movable(group) for group in live.groups if group.network_id is not None},
        opened=call.one("opened"),
        formed=call.one("formed"),
        moved=call.one("moved"),
        refused=refused,
    )


def _act(call: PageCall) -> Rendered:
    try:
        if (call.id, call.part) == ("room", "open"):
            opened = call.run("live.open-room")
            return redirect(f"{_ADDRESS}?opened={len(opened.members)}")
        if (call.id, call.part) == ("group", "form"):
            formed = call.run("live.form-group", at=call.one("at"))
            return redirect(f"{_ADDRESS}?formed={len(formed.members)}")
        if call.id is not None and call.part == "move-on":
            return redirect(f"{_ADDRESS}?moved={_move_on(call, call.id, call.one('page'))}")
    except InvalidState as refusal:
        return _show(call, str(refusal))
    raise NotFound("This page has no such action.")


def _move_on(call: PageCall, group: str, page: str) -> int:
    """Move all members of a group who are on a page on, as many in each commit as it takes."""
    moved = 0
    for _ in range(_MOST_COMMITS):
        done = call.run("live.move-on", id=group, page=page)
        moved += len(done.moved)
        if not done.moved or not done.left:
            break
    return moved


def _movable(group: Any) -> list[tuple[str, list[int]]]:
    """Return the pages from which members of a group can be moved on, with those who are there."""
    by_page: dict[str, list[int]] = {}
    for member in group.members:
        if member.is_movable:
            by_page.setdefault(member.page, []).append(member.participant_id)
    return list(by_page.items())


PAGE = DashboardPage("live", "Live", Right.VIEW, show_live, nav="Run")
