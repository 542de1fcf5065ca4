"""Settings: what is in effect and where it comes from, what the run is made of, and its audit log."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered
from chalicelib.dashboard.rendering import render
from chalicelib.errors import NotFound
from chalicelib.operations.management.oversight.settings_of_run import SettingsInEffect

from .audit_page import show_audit_log

#: The most characters of a search.
_LONGEST: Final = 100


def show_settings(call: PageCall) -> Rendered:
    """Show the settings, their sources, and the versions and addresses of the run; or the audit log."""
    if call.id == "audit" and call.method != "POST":
        return show_audit_log(call)
    if call.part is not None or call.method == "POST":
        raise NotFound("This page has no such part.")
    if call.id is not None:
        return _one(call, call.id)
    text, group = call.one("text")[:_LONGEST], call.one("group")[:_LONGEST]
    only_set = call.one("only_set") == "true"
    found = call.run("settings.list", text=text, group=group, only_set=only_set)
    return render(
        "settings.html",
        call,
        versions=call.run("settings.versions"),
        groups=_by_group(found),
        all_groups=found.groups,
        text=text,
        group=group,
        only_set=only_set,
    )


def _one(call: PageCall, name: str) -> Rendered:
    """Show what a setting means, how it is set, and what it is now."""
    setting = call.run("settings.read", id=name)
    found = call.run("settings.list", text=setting.name, group=setting.group)
    rows: list[Any] = [*found.settings, *found.secrets]
    return render("setting.html", call, setting=setting, row=next(r for r in rows if r.name == setting.name))


def _by_group(found: SettingsInEffect) -> dict[str, list[Any]]:
    """Return the settings of each group that has some, the secret ones last."""
    rows: list[Any] = [*found.settings, *found.secrets]
    groups = {name: [row for row in rows if row.group == name] for name in found.groups}
    return {name: some for name, some in groups.items() if some}


PAGE = DashboardPage("settings", "Settings", Right.VIEW, show_settings, nav="Setup", in_labs=True)
