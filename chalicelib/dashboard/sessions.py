"""Signs operators in to the dashboard: tickets that work once, and sessions that begin with them.

Only hashes of tickets and of sessions are stored, so that a copy of the data signs nobody in.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.access.rights import OPERATOR_ACTOR, Actor, Right
from chalicelib.errors import Forbidden, NotFound, Unauthorized
from chalicelib.model import keys
from chalicelib.model.record import iso, moment
from chalicelib.operations.accounts.account_records import user_actor_id
from chalicelib.operations.accounts.actors import find_actor, find_user, rights_of_user
from chalicelib.operations.accounts.open_sessions import is_expired
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context, caller_of

TICKET_LIFETIME: Final = timedelta(minutes=2)
SESSION_LIFETIME: Final = timedelta(hours=12)
#: Random bytes of tickets and of sessions.
_ENTROPY: Final = 32
#: Longer texts can't be tickets or sessions, and aren't hashed.
_MOST_CHARACTERS: Final = 100
#: How many characters of the browser's description are kept.
_AGENT_CHARACTERS: Final = 120


@dataclass(frozen=True, slots=True)
class DashboardSession:
    """A session that is open, as its requests find it."""

    actor: Actor
    csrf: str
    #: Its id in the list of sessions, which is no secret.
    id: str = ""
    #: When the user last proved who they are.
    authenticated: datetime | None = None


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
    _delete_expired(ctx, keys.TICKETS)
    ticket = secrets.token_urlsafe(_ENTROPY)
    fields = {"actor": actor_id, "expires": iso(ctx.now + TICKET_LIFETIME)}
    ctx.uow.put_item(keys.ticket(_digest(ticket)), "ticket", fields)
    return ticket


def create_ticket_for_user(ctx: Context, username: str) -> str:
    """Return a ticket that signs a user in, once, within two minutes; it is recorded in the audit log.

    The caller manages the lab, and has all rights of the user. NotFound for an unknown user.
    """
    actor = require_right(ctx, Right.MANAGE_LAB)
    user = find_user(ctx, username)
    if user is None:
        raise NotFound(f"There is no user {username[:40]!r}.", code="user_not_found")
    if not all(actor.may(right) for right in rights_of_user(ctx, user)):
        raise Forbidden(f"User {username} has rights that you don't have.", code="right_missing")
    record_change(ctx, "users.make_sign_in_link", records=[("users", username)])
    return create_ticket(ctx, user.actor_id)


def is_valid_ticket(ctx: Context, ticket: str) -> bool:
    """Whether a ticket can still be used; looking doesn't use it up."""
    return _valid_ticket(ctx, ticket) is not None


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
    item = _valid_ticket(ctx, ticket)
    if item is None:
        raise Unauthorized(
            "This link has been used or is older than two minutes. To get a new one, run: petri dashboard",
            code="ticket_invalid",
        )
    ctx.uow.delete_item(keys.ticket(_digest(ticket)), expect=item["v"])
    return _begin(ctx, item["actor"], Browser(former, is_secure, agent, address), "link")


def begin_user_session(
    ctx: Context,
    username: str,
    browser: Browser,
    *,
    how: str,
    within: Callable[[Context], None] | None = None,
) -> str:
    """Return the token of a new session of a user who has proved who they are.

    It is in the audit log as the user's. `how`: the way in words. `within`: uses up what the proof was made
    with, in the same commit. Unauthorized for a user who was removed or has no rights any more.
    """
    if within is not None:
        within(ctx)
    actor = find_actor(ctx, user_actor_id(username))
    if actor is None or not actor.rights:
        raise Unauthorized(
            "You may not see this run. Ask a person who manages it for a role.", code="sign_in_refused"
        )
    ctx.caller = caller_of(actor)
    record_change(ctx, "sessions.begin", records=[("users", username)], fields={"how": how})
    return _begin(ctx, actor.id, browser, how)


def _begin(ctx: Context, actor_id: str, browser: Browser, how: str) -> str:
    """Store a new session and return its token; the browser's former session ends."""
    _delete_expired(ctx, keys.SESSIONS)
    if browser.former:
        end_session(ctx, browser.former)
    token = secrets.token_urlsafe(_ENTROPY)
    fields = {
        "actor": actor_id,
        "began": iso(ctx.now),
        "expires": iso(ctx.now + SESSION_LIFETIME),
        "secure": browser.is_secure,
        "agent": browser.agent[:_AGENT_CHARACTERS],
        "address": browser.address,
        "how": how,
        "authenticated": iso(ctx.now),
    }
    ctx.uow.put_item(keys.session(_digest(token)), "session", fields)
    return token


def find_session(ctx: Context, token: str, *, is_secure: bool = False) -> DashboardSession | None:
    """Return the open session of a token; None when it has ended, or began over HTTPS and this is HTTP."""
    item = _stored(ctx, keys.session(_digest(token)), token)
    if item is None or (item["secure"] and not is_secure):
        return None
    actor = find_actor(ctx, item["actor"])
    if actor is None:
        return None
    authenticated = moment(item.get("authenticated") or item["began"])
    return DashboardSession(actor, csrf_token(ctx, token), item["sk"], authenticated)


def end_session(ctx: Context, token: str) -> None:
    """End a session; idempotent."""
    key = keys.session(_digest(token))
    if _stored(ctx, key, token) is not None:
        ctx.uow.delete_item(key)


def csrf_token(ctx: Context, token: str) -> str:
    """Return the token that the forms of a session contain; it follows from the session's own."""
    return ctx.tokens.keyed(f"csrf|{token}")


def is_same_token(sent: str, expected: str) -> bool:
    """Compare two tokens in constant time."""
    return hmac.compare_digest(sent.encode(), expected.encode())


def _valid_ticket(ctx: Context, ticket: str) -> Mapping[str, Any] | None:
    return _stored(ctx, keys.ticket(_digest(ticket)), ticket)


def _stored(ctx: Context, key: keys.Key, text: str) -> Mapping[str, Any] | None:
    if not 0 < len(text) <= _MOST_CHARACTERS:
        return None
    item = ctx.uow.item(key)
    return None if item is None or is_expired(item, ctx.now) else item


def _delete_expired(ctx: Context, collection: str) -> None:
    for item in ctx.uow.items(collection):
        if is_expired(item, ctx.now):
            ctx.uow.delete_item((collection, item["sk"]))


def _digest(text: str) -> str:
    return hashlib.sha256(text[: _MOST_CHARACTERS + 1].encode()).hexdigest()
