"""Roles: the built-in ones, and those that the people who manage this run make for it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import NotFound, Refused

from .right_choices import chosen_rights, grantable

_ADDRESS: Final = "/dashboard/roles"
_SAID: Final[Mapping[str, str]] = MappingProxyType(
    {"add": "The role is made.", "change": "Changed, for everyone who has the role.", "delete": "Deleted."}
)


def show_roles(call: PageCall) -> Rendered:
    """Show all roles or one of them, or carry out a change; a refused one is explained on the page."""
    if call.method == "POST":
        try:
            return _change(call)
        except Refused as refusal:
            return _shown(call, str(refusal), refusal.status)
    return _shown(call)


def _shown(call: PageCall, refused: str = "", status: int = 200) -> Rendered:
    said = _SAID.get(call.one("said"), "")
    _, rights = grantable(call.actor, ())
    if call.id is None:
        roles = call.run("roles.list").rows
        return render(
            "roles.html", call, status=status, roles=roles, rights=rights, refused=refused, said=said
        )
    if call.part is not None and call.method != "POST":
        raise NotFound("This page has no such action.")
    role = call.run("roles.read", id=call.id)
    return render("role.html", call, status=status, role=role, rights=rights, refused=refused, said=said)


def _change(call: PageCall) -> Rendered:
    if call.id is None:
        made = call.run(
            "roles.add", name=call.one("name"), rights=chosen_rights(call), about=call.one("about")
        )
        return redirect(f"{_ADDRESS}/{quote(made.id)}?said=add")
    if call.part == "change":
        call.run("roles.change", id=call.id, rights=chosen_rights(call), about=call.one("about"))
        return redirect(f"{_ADDRESS}/{quote(call.id)}?said=change")
    if call.part == "delete":
        call.run("roles.delete", id=call.id)
        return redirect(f"{_ADDRESS}?said=delete")
    raise NotFound("This page has no such action.")


PAGE: Final = DashboardPage("roles", "Roles", Right.MANAGE_LAB, show_roles, under="people", in_labs=True)
