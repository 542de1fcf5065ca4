"""The tab Settings of a class: its name, days, fee and instructors, its join code, and the archive."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.dashboard.page_call import PageCall, Rendered, redirect
from chalicelib.operations.classes.manage_classes import ClassWithCounts

from .class_tabs import ClassTab, render_tab

_PART: Final = "settings"


def _show(call: PageCall, shown: ClassWithCounts, refused: str) -> Rendered:
    return render_tab("class_settings.html", call, _PART, shown, refused=refused)


def settings_in(call: PageCall) -> dict[str, Any]:
    """Return what the form of a class's settings contains."""
    texts = {name: call.one(name) for name in ("name", "starts", "ends", "time_zone", "fee")}
    usernames = call.one("instructors").replace(",", " ").split()
    flags = {name: call.one(name) == "on" for name in ("asks_email", "asks_student_number")}
    return {**texts, **flags, "instructors": tuple(usernames)}


def _change(call: PageCall, number: str) -> Rendered:
    call.run("classes.change", id=number, **settings_in(call), is_open=call.one("is_open") == "on")
    return redirect(f"/dashboard/classes/{number}/settings?said=changed")


def _renew_code(call: PageCall, number: str) -> Rendered:
    call.run("classes.renew-code", id=number)
    return redirect(f"/dashboard/classes/{number}?said=code")


def _archive(call: PageCall, number: str) -> Rendered:
    is_archived = call.one("archived") == "yes"
    call.run("classes.archive", id=number, archived=is_archived)
    return redirect(f"/dashboard/classes/{number}/settings?said={'archived' if is_archived else 'restored'}")


TAB: Final = ClassTab(
    _PART, "Settings", _show, {"change": _change, "renew-code": _renew_code, "archive": _archive}
)
