"""Finds who acts: the user of a session, or the program with a user's token."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from chalicelib.access.rights import OPERATOR_ACTOR, Actor, Right
from chalicelib.errors import Unauthorized
from chalicelib.model import keys
from chalicelib.operations.audit.record_change import raise_rights_version, read_head
from chalicelib.operations.shared.context import Context

from .account_records import ApiToken, User, UserGrant, user_actor_id
from .own_roles import rights_granted

_MOST_CHARACTERS: Final = 100
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
    held = Actor(user.actor_id, user.name, rights_of_user(ctx, user))
    rights = frozenset(right for right in token.rights if held.may(right))
    version = read_head(ctx, token.actor_id).rights_version
    return Actor(token.actor_id, f"{user.name} ({token.name})", rights, version)


def rights_of_user(ctx: Context, user: User) -> frozenset[Right]:
    """Return the rights of a user's grants that hold now; after the user has expired, at most View."""
    active = [grant.what for grant in grants_of(ctx, user.username) if grant.is_active(ctx.now)]
    rights = frozenset().union(*(rights_granted(ctx, what) for what in active))
    if user.expires is not None and user.expires <= ctx.now:
        return _VIEW_ONLY if rights else frozenset()
    return rights


def find_user(ctx: Context, username: str) -> User | None:
    """Return a user; None for an unknown name."""
    item = ctx.uow.item(keys.user(username)) if username else None
    return None if item is None else User.from_item(item)


def grants_of(ctx: Context, username: str) -> Sequence[UserGrant]:
    """Return a user's grants, in order of what they grant."""
    return [UserGrant.from_item(item) for item in ctx.uow.items(keys.grants(username))]


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
    raise_rights_version(ctx, user_actor_id(username))
    for token in tokens_of(ctx, username):
        raise_rights_version(ctx, token.actor_id)
