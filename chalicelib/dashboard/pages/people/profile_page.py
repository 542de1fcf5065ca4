"""My profile: the name, address and affiliations of the user who is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import NotFound, Refused

_ADDRESS: Final = "/dashboard/profile"
_TEXTS: Final = ("name", "first_name", "last_name", "email", "phone")


def profile_of_form(call: PageCall) -> Mapping[str, Any]:
    """Return the fields of a profile from its form; affiliations are separated by semicolons."""
    affiliations = [each.strip() for each in call.one("affiliations").split(";") if each.strip()]
    return {**{name: call.one(name) for name in _TEXTS}, "affiliations": affiliations}


def show_profile(call: PageCall) -> Rendered:
    """Show one's own profile, or change it; a refused change is explained on the page."""
    if call.id is not None:
        raise NotFound("This page has no such part.")
    if call.method == "POST":
        try:
            call.run("users.change", id=call.actor.username or "-", **profile_of_form(call))
            return redirect(f"{_ADDRESS}?said=change")
        except Refused as refusal:
            return _shown(call, str(refusal), refusal.status)
    return _shown(call)


def _shown(call: PageCall, refused: str = "", status: int = 200) -> Rendered:
    user = call.run("users.me")
    said = "Your profile is changed." if call.one("said") == "change" else ""
    return render("profile.html", call, status=status, user=user, refused=refused, said=said)


PAGE: Final = DashboardPage("profile", "My profile", Right.VIEW, show_profile, under="account", in_labs=True)
