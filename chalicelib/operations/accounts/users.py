"""Adds and removes users, and grants and revokes roles and rights; each change is in the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.access.rules import Mode
from chalicelib.errors import InvalidState, NotFound, Refused
from chalicelib.model import keys
from chalicelib.operations.audit.record_change import raise_rights_version, record_change
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import accessible, require_mode, require_touched

from .account_records import ApiToken, User, UserGrant, checked_name, checked_text
from .actors import find_user, grants_of, keep_user, raise_versions_of_user, rights_despite_expiry, tokens_of
from .grants import delete_grant, store_grant
from .group_records import delete_membership, stored_groups
from .open_sessions import delete_sign_ins
from .passwords import delete_credentials
from .similar_names import folded, refuse_disguise, refuse_reserved


@dataclass(frozen=True, slots=True)
class UserAccount:
    """A user with their grants and tokens."""

    user: User
    grants: tuple[UserGrant, ...]
    tokens: tuple[ApiToken, ...]


def add_user(
    ctx: Context, username: str, name: str, *, email: str = "", role: str, expires: datetime | None = None
) -> User:
    """Add a user with a role; InvalidState for a name that is taken."""
    actor = require_mode(ctx, "user", Mode.CREATE)
    claim_username(ctx, username)
    refuse_disguise(checked_text(name, "The name"))
    user = User(username, name, checked_text(email, "The email"), ctx.now, actor.id, expires)
    record_change(ctx, "users.add", records=[("users", username)], fields={**user.to_fields(), "role": role})
    ctx.uow.put_item(keys.user(username), "user", user.to_fields())
    # It writes the head of the user's chain, so that each later change of their rights is one write.
    raise_rights_version(ctx, user.actor_id)
    store_grant(ctx, actor, UserGrant(username, role, ctx.now, actor.id))
    return user


def claim_username(ctx: Context, username: str) -> str:
    """Reserve the name of a new user in this commit, and all names that look like it.

    BadRequest for a name that isn't valid, InvalidState for one that is taken.
    """
    refuse_reserved(checked_name(username, "username"))
    key = keys.username_claim(folded(username))
    claim = ctx.uow.item(key)
    if find_user(ctx, username) is not None:
        raise InvalidState(f"There is a user {username!r} already.", code="name_taken")
    if claim is not None:
        raise InvalidState(
            f"{username!r} looks like the name of the user {claim['username']!r}. Choose another one.",
            code="name_taken",
        )
    ctx.uow.put_item(key, "username_claim", {"username": username})
    return username


def is_free_username(ctx: Context, username: str) -> bool:
    """Whether a new user can have this name: it is valid, not reserved, and looks like no one else's."""
    try:
        refuse_reserved(checked_name(username, "username"))
    except Refused:
        return False
    return find_user(ctx, username) is None and ctx.uow.item(keys.username_claim(folded(username))) is None


def list_users(ctx: Context) -> list[UserAccount]:
    """Return the users whom the actor may see, by name, with their grants and tokens."""
    require_mode(ctx, "user", Mode.READ)
    rows = accessible(ctx, "user", ctx.uow.items(keys.USERS))
    return [_account(ctx, User.from_item(item)) for item in rows]


def read_user(ctx: Context, username: str) -> UserAccount:
    """Return a user with their grants and tokens; NotFound for one whom the actor may not see."""
    return _account(ctx, _known(ctx, username, Mode.READ))


def remove_user(ctx: Context, username: str) -> None:
    """Remove a user with their grants, tokens, credentials, sessions and sign-in links.

    The user's entries in the audit log stay.
    """
    user = _known(ctx, username, Mode.DELETE)
    record_change(ctx, "users.remove", records=[("users", username)])
    stored = ctx.uow.item(keys.user(username))
    raise_versions_of_user(ctx, username)
    # Under its version: a token that is made for the user at this moment isn't left behind.
    ctx.uow.delete_item(keys.user(username), expect=None if stored is None else stored["v"])
    ctx.uow.delete_item(keys.username_claim(folded(username)))
    # A user who is added later under the same name is another person.
    delete_sign_ins(ctx, user.actor_id)
    delete_credentials(ctx, username)
    for group in stored_groups(ctx):
        delete_membership(ctx, group.nickname, username)
        ctx.uow.delete_item(keys.admission(group.nickname, username))
    for grant in grants_of(ctx, username):
        ctx.uow.delete_item(keys.grant(username, grant.what))
    for token in tokens_of(ctx, username):
        ctx.uow.delete_item(keys.api_token(username, token.name))
        ctx.uow.delete_item(keys.api_token_digest(token.digest))


def grant_to_user(ctx: Context, username: str, what: str, *, until: datetime | None = None) -> UserGrant:
    """Grant a role or a right within the actor's own; an earlier grant of it to the user is replaced.

    It ends with the actor's own rights at the latest.
    """
    actor = require_mode(ctx, "grant", Mode.CREATE)
    _known(ctx, username, Mode.READ)
    keep_user(ctx, username)
    asked = UserGrant(username, what, ctx.now, actor.id, until)
    record_change(ctx, "users.grant", records=[("users", username)], fields=asked.to_fields())
    grant = store_grant(ctx, actor, asked)
    raise_versions_of_user(ctx, username)
    return grant


def revoke_from_user(ctx: Context, username: str, what: str) -> None:
    """Revoke a grant; changes of the user that are under way are refused. NotFound when there is none."""
    require_mode(ctx, "grant", Mode.DELETE)
    _known(ctx, username, Mode.READ)
    delete_grant(ctx, username, what, f"User {username}")
    record_change(ctx, "users.revoke", records=[("users", username)], fields={"what": what})
    raise_versions_of_user(ctx, username)


def _account(ctx: Context, user: User) -> UserAccount:
    return UserAccount(user, tuple(grants_of(ctx, user.username)), tuple(tokens_of(ctx, user.username)))


def _known(ctx: Context, username: str, mode: Mode) -> User:
    require_mode(ctx, "user", mode)
    user = find_user(ctx, username)
    if user is None:
        raise NotFound(f"There is no user {username[:40]!r}.", code="user_not_found")
    rights = sorted(rights_despite_expiry(ctx, username)) if mode is Mode.DELETE else []
    require_touched(ctx, "user", mode, [{"id": username, "username": username, "rights": rights}])
    return user
