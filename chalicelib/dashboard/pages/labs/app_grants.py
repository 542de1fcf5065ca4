"""The page of one app of a lab: who may open it, with forms to grant and to revoke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from chalicelib import services
from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import PageCall, Rendered, redirect
from chalicelib.dashboard.pages.people.right_choices import grantable
from chalicelib.dashboard.rendering import render
from chalicelib.errors import NotFound, Refused
from chalicelib.operations.labs.lab_apps import (
    AppGrant,
    LabApp,
    find_app,
    grant_in_app,
    grants_in_app,
    revoke_in_app,
    subject_of_user,
)
from chalicelib.operations.management.people.managed_accounts import UserRow
from chalicelib.operations.shared.context import Request, caller_of

#: The parts of the address that change something, and what the page says afterwards.
GRANT, REVOKE = "grant", "revoke"
_SAID: Final[Mapping[str, str]] = MappingProxyType(
    {
        GRANT: "Granted. They find the app on their page Apps.",
        REVOKE: "Revoked. They can't open the app from this lab any more.",
    }
)


@dataclass(frozen=True, slots=True)
class GrantLine:
    """A grant as the page shows it."""

    grant: AppGrant
    name: str
    #: Whether it is of a user who was removed, so that no one has it.
    is_void: bool


def show_app(call: PageCall) -> Rendered:
    """Show who may open an app, or change it; a refused change is explained on the page."""
    app_id = str(call.id)
    if call.method != "POST":
        return _shown(call, app_id)
    try:
        return _change(call, app_id)
    except Refused as refusal:
        return _shown(call, app_id, str(refusal), refusal.status)


def _change(call: PageCall, app_id: str) -> Rendered:
    if call.part == GRANT:
        _run(call, grant_in_app, app_id, call.one("username"), call.all("what"))
    elif call.part == REVOKE:
        _run(call, revoke_in_app, app_id, call.one("username"))
    else:
        raise NotFound("This page has no such part.")
    return redirect(f"/dashboard/apps/{quote(app_id, safe='')}?said={call.part}")


def _shown(call: PageCall, app_id: str, refused: str = "", status: int = 200) -> Rendered:
    if call.part is not None and call.method != "POST":
        raise NotFound("This page has no such part.")
    # The right is checked before anything is read.
    grants = _run(call, grants_in_app, app_id)
    app: LabApp = _run(call, find_app, app_id)
    users = {user.id: user for user in call.run("users.list").rows}
    known = [
        role
        for role in call.run("roles.list").rows
        if role.rights and set(role.rights) <= {right.value for right in app.rights}
    ]
    roles, rights = grantable(call.actor, known)
    return render(
        "app.html",
        call,
        status=status,
        app=app,
        address=f"/dashboard/apps/{quote(app_id, safe='')}",
        grants=[_line(grant, users.get(grant.username)) for grant in grants],
        people=[user for user in users.values() if not user.is_bot],
        roles=roles,
        rights=[right for right in rights if Right(right) in app.rights],
        chosen=call.all("what") if refused else [],
        refused=refused,
        said=_SAID.get(call.one("said"), ""),
    )


def _line(grant: AppGrant, user: UserRow | None) -> GrantLine:
    is_void = user is None or subject_of_user(user.id, user.created) != grant.subject
    return GrantLine(grant, "" if user is None else user.name, is_void)


def _run(call: PageCall, operation: Any, *args: Any) -> Any:
    request = Request(address=call.address)
    return services.current().run(operation, *args, caller=caller_of(call.actor), request=request)
