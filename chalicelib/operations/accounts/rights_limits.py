"""Limits what an actor grants to the time for which the actor has the rights themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from chalicelib.access.rights import Actor, Right
from chalicelib.errors import Forbidden
from chalicelib.operations.shared.context import Context

from .actors import find_token, find_user, grants_of
from .group_records import group_holder, memberships_of
from .own_roles import rights_granted


def within_own_time(
    ctx: Context, actor: Actor, rights: Collection[Right], until: datetime | None
) -> datetime | None:
    """Return until when an actor may grant some rights: as asked, or until the actor's own end."""
    return earliest((until, end_of_rights(ctx, actor, rights)))


def require_lasting(ctx: Context, actor: Actor, rights: Collection[Right]) -> None:
    """Refuse an actor whose own rights end, where what is given has no end."""
    end = end_of_rights(ctx, actor, rights)
    if end is not None:
        raise Forbidden(
            f"Your own rights end on {end:%Y-%m-%d}, so you can't give them for longer. Ask a lab admin "
            "whose rights don't end.",
            code="rights_end",
        )


def end_of_rights(ctx: Context, actor: Actor, rights: Collection[Right]) -> datetime | None:
    """Return when an actor loses the first of some rights; None if they keep all of them."""
    user = None if actor.username is None else find_user(ctx, actor.username)
    if user is None:
        return None
    ends = [_end_of_right(ctx, user.username, right) for right in rights]
    if any(right is not Right.VIEW for right in rights):
        ends.append(user.expires)
    if actor.is_token:
        token = find_token(ctx, user.username, actor.id.partition("/")[2])
        ends.append(None if token is None else token.expires)
    return earliest(ends)


def earliest(ends: Iterable[datetime | None]) -> datetime | None:
    """Return the first of some moments; None, which is never, if there is no other."""
    return min((end for end in ends if end is not None), default=None)


def _end_of_right(ctx: Context, username: str, right: Right) -> datetime | None:
    ends = _ends_of_grants(ctx, username, right)
    for membership in memberships_of(ctx, username):
        of_group = _ends_of_grants(ctx, group_holder(membership.nickname), right)
        ends += [earliest((membership.until, end)) for end in of_group]
    return None if None in ends else max((end for end in ends if end is not None), default=None)


def _ends_of_grants(ctx: Context, holder: str, right: Right) -> list[datetime | None]:
    return [
        grant.until
        for grant in grants_of(ctx, holder)
        if grant.is_active(ctx.now) and {right, Right.SYSTEM_ADMIN} & rights_granted(ctx, grant.what)
    ]
