"""Stores and deletes grants of users and of groups: a role or a right, within the rights of who grants it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from chalicelib.access.rights import Actor, Right
from chalicelib.access.rules import Mode
from chalicelib.errors import NotFound
from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import require_touched

from .account_records import UserGrant
from .own_roles import claim_role, rights_granted, rights_named
from .rights_limits import within_own_time


def store_grant(ctx: Context, actor: Actor, asked: UserGrant) -> UserGrant:
    """Store a grant within the actor's rights, which ends with these at the latest; return it.

    NotFound for an unknown role or right, Forbidden for one that the actor lacks.
    """
    rights = rights_named(ctx, asked.what)
    require_touched(ctx, "grant", Mode.CREATE, [_row(asked.username, asked.what, rights)])
    return write_grant(ctx, actor, asked)


def write_grant(ctx: Context, actor: Actor, asked: UserGrant) -> UserGrant:
    """Store a grant of an actor who may give it, which ends with the actor's rights at the latest."""
    rights = rights_named(ctx, asked.what)
    claim_role(ctx, asked.what)
    grant = replace(asked, until=within_own_time(ctx, actor, rights, asked.until))
    ctx.uow.put_if_unchanged(keys.grant(grant.username, grant.what), "grant", grant.to_fields())
    return grant


def delete_grant(ctx: Context, holder: str, what: str, whose: str) -> None:
    """Delete a grant within the actor's rights; NotFound, which says whose it would be, if there is none."""
    if ctx.uow.item(keys.grant(holder, what)) is None:
        raise NotFound(f"{whose} has no grant of {what[:40]!r}.", code="grant_not_found")
    require_touched(ctx, "grant", Mode.DELETE, [_row(holder, what, rights_granted(ctx, what))])
    ctx.uow.delete_item(keys.grant(holder, what))


def _row(holder: str, what: str, rights: Collection[Right]) -> Mapping[str, object]:
    return {"id": what, "username": holder, "rights": sorted(rights)}
