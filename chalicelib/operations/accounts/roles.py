"""Makes, changes and deletes roles of the run's own; each change is in the audit log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from chalicelib.access.rights import Right
from chalicelib.access.rules import Mode
from chalicelib.errors import InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import require_mode, require_touched

from .account_records import checked_text
from .actors import grants_of, raise_versions_of_users
from .group_records import claim_group, members_of, stored_groups
from .invitation_records import open_invitations_to
from .own_roles import OwnRole, checked_role_name, find_role, own_roles
from .rights_limits import require_lasting
from .similar_names import folded


def make_role(ctx: Context, name: str, rights: Collection[Right], about: str = "") -> OwnRole:
    """Make a role with rights within the actor's own; InvalidState for a name that is taken."""
    actor = require_mode(ctx, "role", Mode.CREATE)
    checked_role_name(name)
    role = OwnRole(name, _checked_rights(rights), _checked_about(about), ctx.now, actor.id, ctx.now)
    require_touched(ctx, "role", Mode.CREATE, [_row(role)])
    taken = ctx.uow.item(keys.role(folded(name)))
    if taken is not None:
        raise InvalidState(
            f"There is a role {taken['name']!r} already, and {name!r} looks like it. Choose another name.",
            code="name_taken",
        )
    record_change(ctx, "roles.add", records=[("roles", name)], fields=role.to_fields())
    ctx.uow.put_item(keys.role(folded(name)), "role", role.to_fields())
    return role


def change_role(
    ctx: Context, name: str, *, rights: Collection[Right] | None = None, about: str | None = None
) -> OwnRole:
    """Change the rights of a role, or what it is for.

    The old rights and the new ones are within the actor's own, and the actor keeps those that are added.
    Changes that the users who have the role are making at this moment are refused, as when a right is taken
    away.
    """
    role = _known(ctx, name, Mode.UPDATE)
    changed = replace(
        role,
        rights=role.rights if rights is None else _checked_rights(rights),
        about=role.about if about is None else _checked_about(about),
        modified=ctx.now,
    )
    actor = require_touched(ctx, "role", Mode.UPDATE, [_row(role), _row(changed)])
    require_lasting(ctx, actor, changed.rights - role.rights)
    fields = {"rights": sorted(changed.rights), "about": changed.about}
    record_change(ctx, "roles.change", records=[("roles", name)], fields=fields)
    ctx.uow.put_if_unchanged(keys.role(folded(name)), "role", changed.to_fields())
    if changed.rights != role.rights:
        _refuse_changes_under_way(ctx, holders_of(ctx, name))
    return changed


def delete_role(ctx: Context, name: str) -> None:
    """Delete a role; InvalidState while it is granted, which names the users who have it."""
    role = _known(ctx, name, Mode.DELETE)
    require_touched(ctx, "role", Mode.DELETE, [_row(role)])
    holders = holders_of(ctx, name)
    if holders:
        raise InvalidState(
            f"The role {name!r} is granted to {', '.join(holders)}. Revoke it there first.",
            code="role_in_use",
        )
    invited = open_invitations_to(ctx, name)
    if invited:
        raise InvalidState(
            f"The role {name!r} is in {invited} open invitation{'' if invited == 1 else 's'}. Withdraw "
            f"{'it' if invited == 1 else 'them'} first.",
            code="role_in_use",
        )
    record_change(ctx, "roles.delete", records=[("roles", name)])
    stored = ctx.uow.item(keys.role(folded(name)))
    # Under its version: a grant of the role that is made at this moment isn't left behind.
    ctx.uow.delete_item(keys.role(folded(name)), expect=None if stored is None else stored["v"])


def list_roles(ctx: Context) -> list[OwnRole]:
    """Return the roles of the run's own, by name."""
    require_mode(ctx, "role", Mode.READ)
    return own_roles(ctx)


def read_role(ctx: Context, name: str) -> OwnRole:
    """Return a role of the run's own; NotFound for an unknown one."""
    return _known(ctx, name, Mode.READ)


def holders_of(ctx: Context, name: str) -> list[str]:
    """Return the users, and the groups as `group:<nickname>`, to which a role is granted.

    Those whose grant has ended are among them.
    """
    users = [item["username"] for item in ctx.uow.items(keys.USERS)]
    groups = [group.holder for group in stored_groups(ctx)]
    return [each for each in (*users, *groups) if any(one.what == name for one in grants_of(ctx, each))]


def _refuse_changes_under_way(ctx: Context, holders: Collection[str]) -> None:
    groups = [group for group in stored_groups(ctx) if group.holder in holders]
    members = {member.username for group in groups for member in members_of(ctx, group.nickname)}
    for group in groups:
        claim_group(ctx, group)
    users = members | (set(holders) - {group.holder for group in groups})
    raise_versions_of_users(ctx, users, other_writes=len(groups))


def _known(ctx: Context, name: str, mode: Mode) -> OwnRole:
    require_mode(ctx, "role", mode)
    role = find_role(ctx, name)
    if role is None:
        raise NotFound(f"There is no role {name[:40]!r} of this run's own.", code="role_not_found")
    return role


def _checked_rights(rights: Collection[Right]) -> frozenset[Right]:
    if not rights:
        raise InvalidState("A role has at least one right. Choose one.", code="rights_missing")
    return frozenset(rights)


def _checked_about(about: str) -> str:
    return checked_text(about, "What the role is for")


def _row(role: OwnRole) -> Mapping[str, object]:
    return {"id": role.name, "rights": sorted(role.rights)}
