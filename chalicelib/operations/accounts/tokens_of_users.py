"""Makes and revokes the tokens with which programs act for a user; each change is in the audit log."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Final

from chalicelib.access.rights import Actor, Right
from chalicelib.access.rules import Mode
from chalicelib.errors import InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.operations.audit.record_change import raise_rights_version, record_change
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import require_mode, require_touched
from chalicelib.operations.shared.tokens import USER_PREFIX

from .account_records import ApiToken, checked_name
from .actors import digest_of, find_token, find_user, keep_user, require_unexpired, rights_of_user

#: Random bytes of a token, and how many characters of it are stored to recognize it.
_ENTROPY: Final = 32
_VISIBLE: Final = len(USER_PREFIX) + 6


def make_token(
    ctx: Context,
    username: str,
    name: str,
    *,
    rights: Collection[Right] | None = None,
    expires: datetime | None = None,
) -> str:
    """Return a new token of a user, which is shown once: only its hash is stored.

    It has some of the user's rights, by default all. InvalidState for a name that is taken, or a right that
    the user lacks.
    """
    require_mode(ctx, "token", Mode.CREATE)
    require_unexpired(ctx)
    user = find_user(ctx, username)
    if user is None:
        raise NotFound(f"There is no user {username[:40]!r}.", code="user_not_found")
    held = Actor(user.actor_id, user.name, rights_of_user(ctx, user))
    chosen = held.rights if rights is None else frozenset(rights)
    row = {"id": name, "username": username, "rights": sorted(chosen)}
    require_touched(ctx, "token", Mode.CREATE, [row])
    lacking = sorted(right.value for right in chosen if not held.may(right))
    if lacking or not chosen:
        missing = f"don't include {', '.join(lacking)}" if lacking else "are empty"
        raise InvalidState(
            f"The rights of user {username} {missing}; grant them first.", code="user_lacks_right"
        )
    checked_name(name, "name of a token")
    if find_token(ctx, username, name) is not None:
        raise InvalidState(
            f"User {username} has a token {name!r} already; revoke it first.", code="name_taken"
        )
    text = USER_PREFIX + secrets.token_urlsafe(_ENTROPY)
    token = ApiToken(username, name, text[:_VISIBLE], digest_of(text), chosen, ctx.now, expires)
    fields = {"name": name, "rights": sorted(chosen), "expires": expires}
    record_change(ctx, "tokens.create", records=[("tokens", f"{username}/{name}")], fields=fields)
    keep_user(ctx, username)
    ctx.uow.put_item(keys.api_token(username, name), "api_token", token.to_fields())
    ctx.uow.put_item(
        keys.api_token_digest(token.digest), "api_token_digest", {"username": username, "name": name}
    )
    return text


def revoke_token(ctx: Context, username: str, name: str) -> None:
    """Revoke a token; changes with it that are under way are refused. NotFound when there is none."""
    require_mode(ctx, "token", Mode.DELETE)
    token = find_token(ctx, username, name)
    if token is None:
        raise NotFound(f"User {username[:40]} has no token {name[:40]!r}.", code="token_not_found")
    require_touched(ctx, "token", Mode.DELETE, [{"id": name, "username": username}])
    record_change(ctx, "tokens.revoke", records=[("tokens", f"{username}/{name}")])
    ctx.uow.delete_item(keys.api_token(username, name))
    ctx.uow.delete_item(keys.api_token_digest(token.digest))
    raise_rights_version(ctx, token.actor_id)
