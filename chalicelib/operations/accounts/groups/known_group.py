"""Finds a group for an actor, and describes it as rules for rows see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.access.rights import Actor, Right
from chalicelib.access.rules import Mode
from chalicelib.access.tables import rules_of
from chalicelib.errors import InvalidState, NotFound
from chalicelib.operations.accounts.actors import find_user, raise_versions_of_users, rights_of_holder
from chalicelib.operations.accounts.group_records import (
    SINGLE,
    Membership,
    UserGroup,
    members_of,
    stored_group,
)
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import require_mode, require_touched


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """A group with its members, and the rights that it has now."""

    group: UserGroup
    members: Sequence[Membership]
    rights: frozenset[Right]

    def row(self, username: str | None = None) -> Mapping[str, Any]:
        """Return the group as rules see it, or a membership or admission of a user in it."""
        fields = self.group.to_fields()
        row = {
            **fields,
            "id": self.group.nickname,
            "members": [each.username for each in self.members],
            "admins": [each.username for each in self.members if each.is_admin],
            "rights": sorted(self.rights),
        }
        return row if username is None else {**row, "id": username, "username": username}


def known_group(
    ctx: Context, nickname: str, kind: str, mode: Mode, username: str | None = None
) -> KnownGroup:
    """Return a group; NotFound for one that the actor may not see, Forbidden if they may not do this to it.

    `kind`: the type of record, `group`, `group_member` or `admission`; of the last two the one of a user.
    """
    actor = require_mode(ctx, kind, mode)
    found = find_group(ctx, nickname)
    if found is None or not rules_of("group").read.allows(actor, found.row()):
        raise NotFound(f"There is no group {nickname[:40]!r}.", code="group_not_found")
    require_touched(ctx, kind, mode, [found.row(username)])
    return found


def find_group(ctx: Context, nickname: str) -> KnownGroup | None:
    """Return a group, or the group of one user; None for an unknown nickname."""
    group, members = stored_group(ctx, nickname), []
    if group is not None:
        members = [each for each in members_of(ctx, nickname) if each.is_active(ctx.now)]
    elif nickname.startswith(SINGLE):
        group, members = _group_of_one(ctx, nickname)
    return None if group is None else KnownGroup(group, members, rights_of_holder(ctx, group.holder))


def require_several(known: KnownGroup) -> None:
    """Refuse a change of who is in the group of one user."""
    if known.group.is_single:
        raise InvalidState(
            f"{known.group.nickname} is the group of one user, who can't leave it and whom no other joins.",
            code="group_of_one",
        )


def refuse_changes_under_way(ctx: Context, known: KnownGroup, *, other_writes: int = 0) -> None:
    """Refuse what the members are changing at this moment, since their rights change with this commit.

    InvalidState for more members than one commit can write, with its other writes.
    """
    raise_versions_of_users(ctx, {each.username for each in known.members}, other_writes=other_writes)


def is_admitting(ctx: Context, known: KnownGroup) -> bool:
    """Whether the actor may admit members to the group and remove them."""
    actor = require_actor(ctx)
    return not known.group.is_single and rules_of("group_member").create.allows(actor, known.row())


def sees(actor: Actor, known: KnownGroup) -> bool:
    """Whether an actor sees the group."""
    return rules_of("group").read.allows(actor, known.row())


def _group_of_one(ctx: Context, nickname: str) -> tuple[UserGroup | None, list[Membership]]:
    user = find_user(ctx, nickname.removeprefix(SINGLE))
    if user is None:
        return None, []
    group = UserGroup(
        nickname,
        user.name,
        "",
        is_private=True,
        created=user.created,
        created_by=user.created_by,
        modified=user.created,
    )
    return group, [
        Membership(nickname, user.username, is_admin=False, since=user.created, by=user.created_by)
    ]
