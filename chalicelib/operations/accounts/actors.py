"""Finds who acts: the user of a session, or the program with a user's token."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Final

from chalicelib.access.rights import OPERATOR_ACTOR, Actor, Right
from chalicelib.errors import Forbidden, InvalidState, Unauthorized
from chalicelib.model import keys
from chalicelib.operations.audit.record_change import raise_rights_version, read_head
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context

from .account_records import ApiToken, User, UserGrant, user_actor_id
from .group_records import group_holder, memberships_of
from .own_roles import rights_granted

_MOST_CHARACTERS: Final = 100
#: How many writes one commit can have, besides those that every change makes.
_MOST_WRITES: Final = 85
_VIEW_ONLY: Final = frozenset({Right.VIEW})


def find_actor(ctx: Context, actor_id: str) -> Actor | None:
    """Return the operator, or a user with the rights that they have now; None for an unknown one."""
    if actor_id == OPERATOR_ACTOR.id:
        return OPERATOR_ACTOR
    kind, _, username = actor_id.partition(":")
    user = find_user(ctx, username) if kind == "user" else None
    if user is None:
        return None
    rights = rights_of_user(ctx, user)
    return Actor(user.actor_id, user.name, rights, read_head(ctx, user.actor_id).rights_version)


def actor_named(ctx: Context, actor_id: str) -> Actor | None:
    """Return the actor that a record names, with the rights that they have now; None if there is none.

    Unlike `find_actor`, which finds those who sign in, it finds a token as well: one that has expired or was
    revoked is none.
    """
    kind, _, rest = actor_id.partition(":")
    if kind != "token":
        return find_actor(ctx, actor_id)
    username, _, name = rest.partition("/")
    token, user = find_token(ctx, username, name), find_user(ctx, username)
    if token is None or user is None or (token.expires is not None and token.expires <= ctx.now):
        return None
    return _actor_of_token(ctx, token, user)


def authenticate_token(ctx: Context, text: str) -> Actor:
    """Return the actor whom a token identifies; Unauthorized for an unknown or expired one.

    The actor has those rights of the token that its user still has. Changes nothing, so that it can be called
    where the store is only read.
    """
    found = ctx.uow.item(keys.api_token_digest(digest_of(text))) if len(text) <= _MOST_CHARACTERS else None
    token = None if found is None else find_token(ctx, found["username"], found["name"])
    user = None if token is None else find_user(ctx, token.username)
    if token is None or user is None or token.digest != digest_of(text):
        raise Unauthorized("This token is not valid for this run.", code="token_invalid")
    if token.expires is not None and token.expires <= ctx.now:
        raise Unauthorized("This token has expired. Make a new one.", code="token_expired")
    return _actor_of_token(ctx, token, user)


def _actor_of_token(ctx: Context, token: ApiToken, user: User) -> Actor:
    held = Actor(user.actor_id, user.name, rights_of_user(ctx, user))
    rights = frozenset(right for right in token.rights if held.may(right))
    version = read_head(ctx, token.actor_id).rights_version
    return Actor(token.actor_id, f"{user.name} ({token.name})", rights, version)


def rights_of_user(ctx: Context, user: User) -> frozenset[Right]:
    """Return the rights that a user has now: by their own grants, and by those of their groups.

    After the user has expired, at most View.
    """
    rights = rights_despite_expiry(ctx, user.username)
    if user.expires is not None and user.expires <= ctx.now:
        return _VIEW_ONLY if rights else frozenset()
    return rights


def rights_despite_expiry(ctx: Context, username: str) -> frozenset[Right]:
    """Return the rights that a user has or, after they have expired, would have again without that."""
    groups = [group_holder(each.nickname) for each in memberships_of(ctx, username)]
    return frozenset().union(*(rights_of_holder(ctx, each) for each in (username, *groups)))


def rights_of_holder(ctx: Context, holder: str) -> frozenset[Right]:
    """Return the rights of the grants of a user or a group that hold now."""
    active = [grant.what for grant in grants_of(ctx, holder) if grant.is_active(ctx.now)]
    return frozenset().union(*(rights_granted(ctx, what) for what in active))


def require_unexpired(ctx: Context) -> Actor:
    """Return the actor; Forbidden for a user who has expired, and for a token of theirs.

    Such a user may only view, also what every user changes without a right of its own.
    """
    actor = require_actor(ctx)
    user = None if actor.username is None else find_user(ctx, actor.username)
    if user is not None and user.expires is not None and user.expires <= ctx.now:
        raise Forbidden(
            f"The account {user.username} has expired, so it may only view. Ask a lab admin to renew it.",
            code="account_expired",
        )
    return actor


def find_user(ctx: Context, username: str) -> User | None:
    """Return a user; None for an unknown name."""
    item = ctx.uow.item(keys.user(username)) if username else None
    return None if item is None else User.from_item(item)


def keep_user(ctx: Context, username: str) -> None:
    """Write a user again, so that this commit and one that removes the user don't both succeed.

    Otherwise what is given to a user at that moment would be left to a later one of the same name. Does
    nothing for a user who isn't stored yet.
    """
    user = find_user(ctx, username)
    if user is not None:
        ctx.uow.put_if_unchanged(keys.user(username), "user", user.to_fields())


def grants_of(ctx: Context, holder: str) -> Sequence[UserGrant]:
    """Return the grants of a user or a group, in order of what they grant."""
    return [UserGrant.from_item(item) for item in ctx.uow.items(keys.grants(holder))]


def find_token(ctx: Context, username: str, name: str) -> ApiToken | None:
    """Return a user's token; None for an unknown name."""
    item = ctx.uow.item(keys.api_token(username, name))
    return None if item is None else ApiToken.from_item(item)


def tokens_of(ctx: Context, username: str) -> Sequence[ApiToken]:
    """Return a user's tokens, by name."""
    return [ApiToken.from_item(item) for item in ctx.uow.items(keys.api_tokens(username))]


def digest_of(text: str) -> str:
    """Return the hash under which a token is stored; tokens are random, so that it needs no salt."""
    return hashlib.sha256(text.encode()).hexdigest()


def raise_versions_of_user(ctx: Context, username: str) -> None:
    """Note in this commit that the rights of a user change, and with them those of the user's tokens.

    Changes that they are making at this moment are refused.
    """
    for actor_id in _actor_ids_of(ctx, username):
        raise_rights_version(ctx, actor_id)


def raise_versions_of_users(ctx: Context, usernames: Collection[str], *, other_writes: int = 0) -> None:
    """Do the same for several users; InvalidState for more than one commit can write."""
    ids = sorted({each for username in usernames for each in _actor_ids_of(ctx, username)})
    # The head of a chain that isn't stored yet is listed too.
    writes = len(ids) + sum(read_head(ctx, each).stored is None for each in ids) + other_writes
    if writes > _MOST_WRITES:
        raise InvalidState(
            f"This changes the rights of {len(usernames)} users and of their tokens at one moment, which are "
            "too many. Take a part of them out first, or revoke tokens that aren't used.",
            code="too_many_users",
        )
    for actor_id in ids:
        raise_rights_version(ctx, actor_id)


def _actor_ids_of(ctx: Context, username: str) -> list[str]:
    return [user_actor_id(username), *(token.actor_id for token in tokens_of(ctx, username))]
