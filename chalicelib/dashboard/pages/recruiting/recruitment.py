"""Recruitment: its state, its places and what they cost, opening and closing, and entry links."""

from __future__ import annotations

from typing import Final

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import BadRequest, NotFound

from .entry_link_codes import codes_of, show_codes

_ADDRESS: Final = "/dashboard/recruitment"
#: The names of vendors, until they have answered.
_VENDOR_NAMES: Final = {"mturk": "Mechanical Turk", "prolific": "Prolific"}
#: How many places can be opened at a time.
MOST_PLACES: Final = 10_000


def show_recruitment(call: PageCall) -> Rendered:
    """Show the state of recruitment, what opening places would cost, or carry an action out."""
    if call.id is None:
        return _state(call)
    if call.id == "vendors":
        return _vendors(call)
    if call.id == "qr":
        return show_codes(call)
    if call.id == "open":
        return _open(call)
    if call.id == "close":
        return _close(call)
    raise NotFound("This page has no such action.")


def _state(call: PageCall) -> Rendered:
    may_recruit = call.actor.may(Right.RECRUIT)
    links = call.run("recruitment.links") if may_recruit else None
    return render(
        "recruitment.html",
        call,
        overview=call.run("overview.read"),
        recruitment=call.run("recruitment.read"),
        links=links,
        codes={code.address: code.id for code in codes_of(links.links)} if links else {},
        names=_VENDOR_NAMES,
        may_recruit=may_recruit,
        opened=call.one("opened"),
    )


def _vendors(call: PageCall) -> Rendered:
    """Show what the recruiters' vendors say; the page Recruitment loads it apart, since they may be slow."""
    return render(
        "recruitment_vendors.html",
        call,
        vendors=call.run("recruitment.vendors").vendors,
        names=_VENDOR_NAMES,
        cost_per_place=call.run("recruitment.read").cost_per_place,
    )


def _open(call: PageCall) -> Rendered:
    """Ask first what the places would cost; open them when the person agrees."""
    if not call.actor.may(Right.RECRUIT):
        return redirect(_ADDRESS)
    places, ignores = _places(call), call.one("ignore_free_seats") == "yes"
    if call.method == "POST":
        done = call.run("recruitment.open", places=places, ignore_free_seats=ignores)
        return redirect(f"{_ADDRESS}?opened={done.opened}")
    return render(
        "recruitment_open.html",
        call,
        preview=call.run("recruitment.places", places=places, ignore_free_seats=ignores),
        ignores=ignores,
        recruitment=call.run("recruitment.read"),
    )


def _close(call: PageCall) -> Rendered:
    if call.method != "POST":
        return redirect(_ADDRESS)
    call.run("recruitment.close")
    return redirect(_ADDRESS)


def _places(call: PageCall) -> int:
    text = call.one("places")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_PLACES))):
        raise BadRequest("The number of places is a whole number such as 10.")
    places = int(text)
    if not 1 <= places <= MOST_PLACES:
        raise BadRequest(f"The number of places is from 1 to {MOST_PLACES:,}.")
    return places


PAGE = DashboardPage("recruitment", "Recruitment", Right.VIEW, show_recruitment, nav="Run")
