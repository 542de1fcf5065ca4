"""Signs operators in to the dashboard: tickets that work once, and sessions that begin with them.

Only hashes of tickets and of sessions are stored, so that a copy of the data signs nobody in.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from chalicelib.access.rights import OPERATOR_ACTOR, Actor
from chalicelib.errors import InvalidState, Unauthorized
from chalicelib.model import keys
from chalicelib.model.record import iso, moment
from chalicelib.operations.accounts.account_records import user_actor_id, username_of
from chalicelib.operations.accounts.actors import find_actor, find_user, keep_user
from chalicelib.operations.accounts.credentials.password_links import user_within_rights
from chalicelib.operations.accounts.credentials.tickets import (
    ENTROPY,
    SIGNS_IN,
    delete_expired,
    digest,
    make_ticket,
    stored,
    use_ticket,
    valid_ticket,
)
from chalicelib.operations.accounts.profiles.preferences import Preferences
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context, caller_of

TICKET_LIFETIME: Final = timedelta(minutes=2)
SESSION_LIFETIME: Final = timedelta(hours=12)
#: How many characters of the browser's description are kept.
_AGENT_CHARACTERS: Final = 120
_SESSION_FIELDS: Final = frozenset(
    {"actor", "user_since", "began", "expires", "secure", "agent", "address", "how", "sign_out"}
)


@dataclass(frozen=True, slots=True)
class DashboardSession:
    """A session that is open, as its requests find it."""

    actor: Actor
    csrf: str
    #: Its id in the list of sessions, which is not secret.
    id: str = ""
    #: When the user last proved who they are.
    authenticated: datetime | None = None
    #: How the user prefers to see the pages.
    preferences: Preferences = field(default_factory=Preferences)
    #: The provider with whose account the user has signed in, and where they sign out there; "" for none.
    sign_out: tuple[str, str] = field(default=("", ""), repr=False)


@dataclass(frozen=True, slots=True)
class Browser:
    """What a new session notes about the browser that signs in."""

    #: The token of the session that it has had, which ends; "" for none.
    former: str = field(default="", repr=False)
    #: Whether the connection is HTTPS: the session is then refused over HTTP.
    is_secure: bool = False
    agent: str = ""
    address: str = ""


def create_ticket(ctx: Context, actor_id: str = OPERATOR_ACTOR.id) -> str:
    """Return a ticket that signs an actor in, once, within two minutes; expired tickets are deleted.

    Not a route: only a caller who can write to the store can make a ticket.
    """
    keep_user(ctx, username_of(actor_id))
    return make_ticket(ctx, actor_id, TICKET_LIFETIME, purpose=SIGNS_IN)


def create_ticket_for_user(ctx: Context, username: str) -> str:
    """Return a ticket that signs a user in, once, within two minutes; it is recorded in the audit log.

    The caller manages the lab, and has all rights of the user. NotFound for an unknown user.
    """
    user = user_within_rights(ctx, username)
    if user.is_bot:
        raise InvalidState(f"{username} is a program, which acts with tokens only.", code="user_is_bot")
    record_change(ctx, "users.make_sign_in_link", records=[("users", username)])
    return create_ticket(ctx, user.actor_id)


def is_valid_ticket(ctx: Context, ticket: str) -> bool:
    """Whether a ticket can still be used; looking doesn't use it up."""
    return valid_ticket(ctx, ticket, purpose=SIGNS_IN) is not None


def begin_session(
    ctx: Context,
    ticket: str,
    *,
    former: str = "",
    is_secure: bool = False,
    agent: str = "",
    address: str = "",
) -> str:
    """Use up a ticket and return the token of a new session.

    `former`: the session that the browser has had, which ends. `is_secure`: whether the session began over
    HTTPS; it is then refused over HTTP. Unauthorized when the ticket was used or has expired.
    """
    item = valid_ticket(ctx, ticket, purpose=SIGNS_IN)
    if item is None:
        raise Unauthorized(
            "This link has been used or is older than two minutes. To get a new one, run: petri dashboard",
            code="ticket_invalid",
        )
    use_ticket(ctx, item)
    return _begin(ctx, item["actor"], Browser(former, is_secure, agent, address), "link")


def begin_user_session(
    ctx: Context,
    username: str,
    browser: Browser,
    *,
    how: str,
    within: Callable[[Context], None] | None = None,
    lifetime: timedelta = SESSION_LIFETIME,
    sign_out: tuple[str, str] = ("", ""),
) -> str:
    """Return the token of a new session of a user who has proved who they are.

    It is in the audit log as the user's. `how`: the way in words. `within`: uses up what the proof was made
    with, in the same commit. `lifetime`: how long the session lasts. `sign_out`: the provider's label, and
    where the user signs out there. Unauthorized for a user who was removed or has no rights any more.
    """
    if within is not None:
        within(ctx)
    actor, user = find_actor(ctx, user_actor_id(username)), find_user(ctx, username)
    if actor is None or user is None or user.is_bot or not actor.rights:
        raise Unauthorized(
            "You may not see this run. Ask a person who manages it for a role.", code="sign_in_refused"
        )
    ctx.caller = caller_of(actor)
    record_change(ctx, "sessions.begin", records=[("users", username)], fields={"how": how})
    return _begin(ctx, actor.id, browser, how, lifetime=lifetime, sign_out=sign_out)


def begin_operator_session(
    ctx: Context, browser: Browser, *, how: str, within: Callable[[Context], None]
) -> str:
    """Return the token of a new session of the operator, who has typed the password of the settings.

    It is in the audit log as the operator's. `how`, `within`: as for a user.
    """
    within(ctx)
    ctx.caller = OPERATOR_CALLER
    record_change(ctx, "sessions.begin", records=[("users", OPERATOR_ACTOR.id)], fields={"how": how})
    return _begin(ctx, OPERATOR_ACTOR.id, browser, how)


def _begin(
    ctx: Context,
    actor_id: str,
    browser: Browser,
    how: str,
    *,
    lifetime: timedelta = SESSION_LIFETIME,
    sign_out: tuple[str, str] = ("", ""),
) -> str:
    """Store a new session and return its token; the browser's former session ends."""
    keep_user(ctx, username_of(actor_id))
    user = find_user(ctx, username_of(actor_id))
    delete_expired(ctx, keys.SESSIONS)
    if browser.former:
        end_session(ctx, browser.former)
    token = secrets.token_urlsafe(ENTROPY)
    fields = {
        "actor": actor_id,
        "user_since": "" if user is None else iso(user.created),
        "began": iso(ctx.now),
        "expires": iso(ctx.now + lifetime),
        "secure": browser.is_secure,
        "agent": browser.agent[:_AGENT_CHARACTERS],
        "address": browser.address,
        "how": how,
        "sign_out": list(sign_out),
        "authenticated": iso(ctx.now),
    }
    ctx.uow.put_item(keys.session(digest(token)), "session", fields)
    return token


def find_session(ctx: Context, token: str, *, is_secure: bool = False) -> DashboardSession | None:
    """Return the open session of a token; None when it has ended, or began over HTTPS and this is HTTP."""
    item = stored(ctx, keys.session(digest(token)), token)
    if item is None or (item["secure"] and not is_secure):
        return None
    actor = find_actor(ctx, item["actor"])
    if actor is None:
        return None
    authenticated = moment(item.get("authenticated") or item["began"])
    user = None if actor.username is None else find_user(ctx, actor.username)
    if user is not None and item.get("user_since", iso(user.created)) != iso(user.created):
        # The session of a user who was removed since; this is a later one of the same name.
        return None
    preferences = Preferences() if user is None else Preferences.of(user.preferences)
    label, address = item.get("sign_out", ("", ""))
    csrf = csrf_token(ctx, token)
    return DashboardSession(actor, csrf, item["sk"], authenticated, preferences, (label, address))


def end_session(ctx: Context, token: str) -> None:
    """End a session; idempotent."""
    key = keys.session(digest(token))
    if stored(ctx, key, token) is not None:
        ctx.uow.delete_item(key)


def confirm_session(ctx: Context, session_id: str) -> None:
    """Note that the user of a session has proved again who they are."""
    key = (keys.SESSIONS, session_id)
    item = ctx.uow.item(key)
    if item is not None:
        fields = {name: value for name, value in item.items() if name in _SESSION_FIELDS}
        ctx.uow.put_if_unchanged(key, "session", {**fields, "authenticated": iso(ctx.now)})


def csrf_token(ctx: Context, token: str) -> str:
    """Return the token that the forms of a session contain; it follows from the session's own."""
    return ctx.tokens.keyed(f"csrf|{token}")


def is_same_token(sent: str, expected: str) -> bool:
    """Compare two tokens in constant time."""
    return hmac.compare_digest(sent.encode(), expected.encode())
