"""Admits members to groups and removes them; each change is in the audit log."""

from __future__ import annotations

from datetime import datetime

from chalicelib.access.rights import Actor
from chalicelib.access.rules import Mode
from chalicelib.errors import NotFound
from chalicelib.model import keys
from chalicelib.operations.accounts.actors import (
    find_user,
    keep_user,
    raise_versions_of_user,
    require_unexpired,
)
from chalicelib.operations.accounts.group_records import (
    Membership,
    claim_group,
    delete_membership,
    store_membership,
)
from chalicelib.operations.accounts.rights_limits import within_own_time
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.context import Context

from .known_group import KnownGroup, known_group, require_several


def add_member(
    ctx: Context, nickname: str, username: str, *, is_admin: bool = False, until: datetime | None = None
) -> Membership:
    """Make a user a member of a group, or change whether and until when they are one.

    The group's rights are within the actor's own, and the membership ends with these at the latest.
    """
    actor = require_unexpired(ctx)
    known = known_group(ctx, nickname, "group_member", Mode.CREATE, username)
    require_several(known)
    if find_user(ctx, username) is None:
        raise NotFound(f"There is no user {username[:40]!r}.", code="user_not_found")
    fields = {"username": username, "is_admin": is_admin, "until": until}
    record_change(ctx, "groups.add_member", records=[("groups", nickname)], fields=fields)
    return admit(ctx, actor, known, username, is_admin=is_admin, until=until)


def admit(
    ctx: Context,
    actor: Actor,
    known: KnownGroup,
    username: str,
    *,
    is_admin: bool = False,
    until: datetime | None = None,
) -> Membership:
    """Store a membership that an actor gives, who may; an open request of the user is answered with it."""
    keep_user(ctx, username)
    nickname = known.group.nickname
    end = within_own_time(ctx, actor, known.rights, until)
    membership = Membership(nickname, username, is_admin, ctx.now, actor.id, end)
    store_membership(ctx, membership)
    claim_group(ctx, known.group)
    if ctx.uow.item(keys.admission(nickname, username)) is not None:
        ctx.uow.delete_item(keys.admission(nickname, username))
    raise_versions_of_user(ctx, username)
    return membership


def remove_member(ctx: Context, nickname: str, username: str) -> None:
    """Remove a member of a group, who can also leave it; what they are changing at this moment is refused."""
    require_unexpired(ctx)
    known = known_group(ctx, nickname, "group_member", Mode.DELETE, username)
    require_several(known)
    if ctx.uow.item(keys.group_member(nickname, username)) is None:
        raise NotFound(f"{username[:40]!r} is not a member of {nickname}.", code="member_not_found")
    record_change(ctx, "groups.remove_member", records=[("groups", nickname)], fields={"username": username})
    delete_membership(ctx, nickname, username)
    claim_group(ctx, known.group)
    raise_versions_of_user(ctx, username)
