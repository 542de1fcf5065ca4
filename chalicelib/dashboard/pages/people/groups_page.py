"""Groups: the labs of this run, who is in them, what is granted to them, and who asks to join."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import NotFound, Refused

from .right_choices import chosen_days, grantable

_ADDRESS: Final = "/dashboard/groups"
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


def _member(call: PageCall) -> Mapping[str, Any]:
    return {"username": call.one("username")}


#: What can be changed about one group: reads the parameters of the operation of this name from the form.
ACTIONS: Final[Mapping[str, Callable[[PageCall], Mapping[str, Any]]]] = MappingProxyType(
    {
        "change": lambda call: {
            "name": call.one("name"),
            "about": call.one("about"),
            "is_private": call.one("private") == "on",
        },
        "grant": lambda call: {"what": call.one("what"), "days": chosen_days(call)},
        "revoke": lambda call: {"what": call.one("what")},
        "add-member": lambda call: {
            **_member(call),
            "is_admin": call.one("admin") == "on",
            "days": chosen_days(call),
        },
        "remove-member": _member,
        "ask": lambda call: {"text": call.one("text")},
        "withdraw": lambda _: _NOTHING,
        "accept": _member,
        "refuse": _member,
        "delete": lambda _: _NOTHING,
    }
)
_SAID: Final[Mapping[str, str]] = MappingProxyType(
    {
        "add": "The group is made.",
        "change": "Changed.",
        "grant": "Granted to all members.",
        "revoke": "Revoked.",
        "add-member": "They are a member now.",
        "remove-member": "They are no member any more.",
        "ask": "You have asked. An admin of the group decides.",
        "withdraw": "Your request is withdrawn.",
        "accept": "They are a member now.",
        "refuse": "The request is refused.",
        "delete": "The group is deleted.",
    }
)


def show_groups(call: PageCall) -> Rendered:
    """Show all groups or one of them, or carry out a change; a refused one is explained on the page."""
    if call.method == "POST":
        try:
            return _change(call)
        except Refused as refusal:
            return _shown(call, str(refusal), refusal.status)
    if call.part is not None:
        raise NotFound("This page has no such action.")
    return _shown(call)


def _shown(call: PageCall, refused: str = "", status: int = 200) -> Rendered:
    said = _SAID.get(call.one("said"), "")
    groups = call.run("groups.list").rows
    if call.id is None:
        return render("groups.html", call, status=status, groups=groups, refused=refused, said=said)
    group = call.run("groups.read", id=call.id)
    manages = call.actor.may(Right.MANAGE_LAB)
    roles, rights = grantable(call.actor, call.run("roles.list").rows)
    return render(
        "group.html",
        call,
        status=status,
        group=group,
        roles=roles,
        rights=rights,
        manages=manages,
        username=call.actor.username,
        refused=refused,
        said=said,
    )


def _change(call: PageCall) -> Rendered:
    if call.id is None:
        made = call.run(
            "groups.add",
            nickname=call.one("nickname"),
            name=call.one("name"),
            about=call.one("about"),
            is_private=call.one("private") == "on",
        )
        return redirect(f"{_ADDRESS}/{quote(made.id)}?said=add")
    read = ACTIONS.get(call.part or "")
    if read is None:
        raise NotFound("This page has no such action.")
    call.run(f"groups.{call.part}", id=call.id, **read(call))
    leaves = call.part == "delete" or (call.part == "remove-member" and not _sees(call))
    return redirect(
        f"{_ADDRESS}?said={call.part}" if leaves else f"{_ADDRESS}/{quote(call.id)}?said={call.part}"
    )


def _sees(call: PageCall) -> bool:
    """Whether the actor still sees the group: one who has left a private group doesn't."""
    return any(group.id == call.id for group in call.run("groups.list").rows)


PAGE: Final = DashboardPage("groups", "Groups", Right.VIEW, show_groups, nav="Setup", in_labs=True)
