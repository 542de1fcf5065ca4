"""People: who manages the run, what they may do, their tokens, and where they are signed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.dashboard.sign_in.recent_proof import require_recent_proof
from chalicelib.errors import NotFound, Refused
from chalicelib.operations.accounts.account_records import user_actor_id
from chalicelib.operations.management.people.managed_accounts import NewPasswordLink

from .invitation_forms import SentInvitation, invite
from .profile_page import profile_of_form
from .right_choices import chosen_days, chosen_rights, grantable

_ADDRESS: Final = "/dashboard/people"


@dataclass(frozen=True, slots=True)
class PersonAction:
    """What can be changed about one user, and what the page says afterwards."""

    operation: str
    said: str
    #: Reads the parameters of the operation from the form.
    read: Callable[[PageCall], Mapping[str, Any]]


ACTIONS: Final[Mapping[str, PersonAction]] = MappingProxyType(
    {
        "grant": PersonAction(
            "users.grant", "Granted.", lambda call: {"what": call.one("what"), "days": chosen_days(call)}
        ),
        "revoke": PersonAction("users.revoke", "Revoked.", lambda call: {"what": call.one("what")}),
        "turn-off-codes": PersonAction("users.turn-off-codes", "One-time codes are off.", lambda _: {}),
        "change": PersonAction("users.change", "The profile is changed.", profile_of_form),
        "expiry": PersonAction(
            "users.change",
            "Changed.",
            lambda call: {
                "days": chosen_days(call),
                "never_expires": not call.one("days"),
                "is_bot": call.one("bot") == "on",
            },
        ),
        "revoke-token": PersonAction(
            "users.revoke-token", "The token is revoked.", lambda call: {"name": call.one("name")}
        ),
    }
)
_SAID: Final[Mapping[str, str]] = MappingProxyType(
    {verb: action.said for verb, action in ACTIONS.items()}
    | {"sign-out": "The sessions have ended.", "add": "Added.", "remove": "Removed."}
    | {"withdraw": "The invitation is withdrawn. Its link doesn't work any more."}
)


#: Changes that let someone act as a user; a user who makes one must have proved a moment ago who they are.
_SENSITIVE: Final = frozenset({"make-token", "make-password-link", "turn-off-codes"})


def show_people(call: PageCall) -> Rendered:
    """Show all people or one of them, or carry out a change; a refused one is explained on the page."""
    if call.method == "POST":
        try:
            return _change(call)
        except Refused as refusal:
            return _shown(call, str(refusal), refusal.status)
    return _shown(call)


def _shown(call: PageCall, refused: str = "", status: int = 200) -> Rendered:
    if call.part == "remove":
        return _ask_before_removal(call, str(call.id), refused, status)
    if call.part is not None and call.method != "POST":
        raise NotFound("This page has no such action.")
    if call.id is None or (call.method == "POST" and call.part in (None, "withdraw")):
        return _list(call, refused, status)
    return _one(call, str(call.id), refused, status)


def _list(call: PageCall, refused: str, status: int, sent: SentInvitation | None = None) -> Rendered:
    known = call.run("roles.list").rows
    roles, rights = grantable(call.actor, known)
    return render(
        "people.html",
        call,
        status=status,
        users=call.run("users.list").rows,
        sessions=call.run("sessions.list").rows,
        roles=roles,
        rights=rights,
        known_roles=known,
        invitations=call.run("invitations.list").rows,
        groups=[group for group in call.run("groups.list").rows if not group.is_single],
        sent=sent,
        refused=refused,
        said=_SAID.get(call.one("said"), ""),
    )


def _one(
    call: PageCall,
    username: str,
    refused: str = "",
    status: int = 200,
    token: str = "",
    made_link: NewPasswordLink | None = None,
) -> Rendered:
    roles, rights = grantable(call.actor, call.run("roles.list").rows)
    user = call.run("users.read", id=username)
    return render(
        "person.html",
        call,
        status=status,
        user=user,
        sessions=[one for one in call.run("sessions.list").rows if one.actor == user_actor_id(username)],
        roles=roles,
        rights=rights,
        may_make_tokens=bool(user.rights) and _may_make_tokens(call, username),
        token=token,
        made_link=made_link,
        refused=refused,
        said=_SAID.get(call.one("said"), ""),
    )


def _ask_before_removal(call: PageCall, username: str, refused: str, status: int) -> Rendered:
    user = call.run("users.read", id=username)
    return render("person_removal.html", call, status=status, user=user, refused=refused)


def _may_make_tokens(call: PageCall, username: str) -> bool:
    return call.actor.may(Right.SYSTEM_ADMIN) or call.actor.id == user_actor_id(username)


def _change(call: PageCall) -> Rendered:
    make = _NEW.get(call.id or "")
    if call.part is None and make is not None:
        return make(call)
    if call.id is None or call.part is None:
        raise NotFound("This page has no such action.")
    if call.part in _LEAVING:
        call.run(_LEAVING[call.part], id=call.id)
        return redirect(f"{_ADDRESS}?said={call.part}")
    if call.part == "sign-out":
        return _sign_out(call, call.id)
    if call.part in _SENSITIVE:
        require_recent_proof(call)
    if call.part == "make-password-link":
        made = call.run("users.make-password-link", id=call.id)
        return _one(call, call.id, made_link=made)
    if call.part == "make-token":
        made = call.run(
            "users.make-token",
            id=call.id,
            name=call.one("name"),
            rights=chosen_rights(call),
            days=chosen_days(call),
        )
        return _one(call, call.id, token=made.token)
    action = ACTIONS.get(call.part)
    if action is None:
        raise NotFound("This page has no such action.")
    call.run(action.operation, id=call.id, **action.read(call))
    return redirect(f"{_ADDRESS}/{call.id}?said={call.part}")


def _invite(call: PageCall) -> Rendered:
    return _list(call, "", 200, invite(call))


def _add(call: PageCall) -> Rendered:
    added = call.run(
        "users.add",
        username=call.one("username"),
        name=call.one("name"),
        email=call.one("email"),
        role=call.one("role"),
        days=chosen_days(call),
    )
    return redirect(f"{_ADDRESS}/{added.id}?said=add")


def _sign_out(call: PageCall, actor_id: str) -> Rendered:
    """End the sessions of an actor; a person who ends their own has to sign in again."""
    call.run("sessions.end", id=actor_id)
    username = actor_id.partition(":")[2]
    return redirect(f"{_ADDRESS}/{username}?said=sign-out" if username else f"{_ADDRESS}?said=sign-out")


#: The forms of the page that make something.
_NEW: Final[Mapping[str, Callable[[PageCall], Rendered]]] = MappingProxyType({"add": _add, "invite": _invite})
#: The operations after which there is nothing left to show but the list.
_LEAVING: Final[Mapping[str, str]] = MappingProxyType(
    {"remove": "users.remove", "withdraw": "invitations.withdraw"}
)

PAGE = DashboardPage("people", "People", Right.MANAGE_LAB, show_people, nav="Setup", in_labs=True)
