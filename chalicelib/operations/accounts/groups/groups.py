"""Makes, changes and deletes groups, and grants roles and rights to them; each change is in the audit log."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from chalicelib.access.rules import Mode
from chalicelib.errors import InvalidState
from chalicelib.model import keys
from chalicelib.operations.accounts.account_records import UserGrant, checked_name, checked_text
from chalicelib.operations.accounts.actors import grants_of
from chalicelib.operations.accounts.grants import delete_grant, store_grant
from chalicelib.operations.accounts.group_records import (
    SINGLE,
    Membership,
    UserGroup,
    claim_group,
    delete_membership,
    members_of,
    store_membership,
    stored_groups,
)
from chalicelib.operations.accounts.similar_names import folded, refuse_disguise, refuse_reserved
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import require_mode

from .known_group import (
    KnownGroup,
    find_group,
    known_group,
    refuse_changes_under_way,
    require_several,
    sees,
)


def make_group(
    ctx: Context, nickname: str, name: str, *, about: str = "", is_private: bool = False
) -> UserGroup:
    """Make a group, whose first admin is the user who makes it; InvalidState for a nickname that is taken."""
    actor = require_mode(ctx, "group", Mode.CREATE)
    refuse_reserved(checked_name(nickname, "nickname of a group"))
    group = UserGroup(
        nickname,
        _checked(name, "The name"),
        _checked(about, "The text"),
        is_private,
        ctx.now,
        actor.id,
        ctx.now,
    )
    claim = ctx.uow.item(keys.group_claim(folded(nickname)))
    if claim is not None:
        raise InvalidState(
            f"{nickname!r} is the nickname of the group {claim['nickname']!r}, or looks like it. Choose "
            "another one.",
            code="name_taken",
        )
    record_change(ctx, "groups.add", records=[("groups", nickname)], fields=group.to_fields())
    ctx.uow.put_item(keys.group_claim(folded(nickname)), "group_claim", {"nickname": nickname})
    ctx.uow.put_item(keys.group(nickname), "group", group.to_fields())
    if actor.username is not None:
        store_membership(ctx, Membership(nickname, actor.username, is_admin=True, since=ctx.now, by=actor.id))
    return group


def change_group(
    ctx: Context,
    nickname: str,
    *,
    name: str | None = None,
    about: str | None = None,
    is_private: bool | None = None,
) -> UserGroup:
    """Change the name of a group, what it is for, or who sees it; what is None stays."""
    known = known_group(ctx, nickname, "group", Mode.UPDATE)
    require_several(known)
    group = replace(
        known.group,
        name=known.group.name if name is None else _checked(name, "The name"),
        about=known.group.about if about is None else _checked(about, "The text"),
        is_private=known.group.is_private if is_private is None else is_private,
        modified=ctx.now,
    )
    fields = {"name": group.name, "about": group.about, "is_private": group.is_private}
    record_change(ctx, "groups.change", records=[("groups", nickname)], fields=fields)
    claim_group(ctx, group)
    return group


def delete_group(ctx: Context, nickname: str) -> None:
    """Delete a group with its grants; its members lose what was granted to it."""
    known = known_group(ctx, nickname, "group", Mode.DELETE)
    require_several(known)
    record_change(ctx, "groups.delete", records=[("groups", nickname)])
    members = members_of(ctx, nickname)
    collections = (keys.grants(known.group.holder), keys.admissions(nickname))
    others = [(each, item["sk"]) for each in collections for item in ctx.uow.items(each)]
    refuse_changes_under_way(ctx, known, other_writes=2 * len(members) + len(others))
    stored = ctx.uow.item(keys.group(nickname))
    # Under its version: a member who is admitted at this moment isn't left behind.
    ctx.uow.delete_item(keys.group(nickname), expect=None if stored is None else stored["v"])
    ctx.uow.delete_item(keys.group_claim(folded(nickname)))
    for member in members:
        delete_membership(ctx, nickname, member.username)
    for key in others:
        ctx.uow.delete_item(key)


def list_groups(ctx: Context) -> list[KnownGroup]:
    """Return the groups that the actor sees, by nickname, and before them the actor's own group of one."""
    actor = require_mode(ctx, "group", Mode.READ)
    own = [] if actor.username is None else [SINGLE + actor.username]
    found = [find_group(ctx, each) for each in (*own, *(group.nickname for group in stored_groups(ctx)))]
    return [each for each in found if each is not None and sees(actor, each)]


def read_group(ctx: Context, nickname: str) -> KnownGroup:
    """Return a group; NotFound for one that the actor may not see."""
    return known_group(ctx, nickname, "group", Mode.READ)


def grant_to_group(ctx: Context, nickname: str, what: str, *, until: datetime | None = None) -> UserGrant:
    """Grant a role or a right within the actor's own to a group: every member has it.

    An earlier grant of it to the group is replaced.
    """
    actor = require_mode(ctx, "grant", Mode.CREATE)
    known = known_group(ctx, nickname, "group", Mode.READ)
    asked = UserGrant(known.group.holder, what, ctx.now, actor.id, until)
    record_change(ctx, "groups.grant", records=[("groups", nickname)], fields=asked.to_fields())
    grant = store_grant(ctx, actor, asked)
    _grants_have_changed(ctx, known)
    return grant


def revoke_from_group(ctx: Context, nickname: str, what: str) -> None:
    """Revoke a grant of a group; what its members are changing at this moment is refused."""
    require_mode(ctx, "grant", Mode.DELETE)
    known = known_group(ctx, nickname, "group", Mode.READ)
    delete_grant(ctx, known.group.holder, what, f"The group {nickname}")
    record_change(ctx, "groups.revoke", records=[("groups", nickname)], fields={"what": what})
    _grants_have_changed(ctx, known)


def grants_of_group(ctx: Context, known: KnownGroup) -> list[UserGrant]:
    """Return what is granted to a group."""
    return list(grants_of(ctx, known.group.holder))


def _grants_have_changed(ctx: Context, known: KnownGroup) -> None:
    refuse_changes_under_way(ctx, known)
    if not known.group.is_single:
        claim_group(ctx, known.group)


def _checked(text: str, what: str) -> str:
    return refuse_disguise(checked_text(text, what))
