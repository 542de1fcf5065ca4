"""Defines groups of users, such as labs, and finds their members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from chalicelib.model import keys
from chalicelib.model.record import iso, moment
from chalicelib.operations.shared.context import Context

#: With it begins the nickname of the group that has one user only; no group of several has it.
SINGLE: Final = "@"


@dataclass(frozen=True, slots=True)
class UserGroup:
    """A group of users, who have the roles and rights that are granted to it."""

    nickname: str
    name: str
    about: str
    #: Whether only its members see it, and who manages the lab.
    is_private: bool
    created: datetime
    created_by: str
    modified: datetime

    @property
    def is_single(self) -> bool:
        """Whether this is the group of one user: what it is granted is granted to the user."""
        return self.nickname.startswith(SINGLE)

    @property
    def holder(self) -> str:
        """The name under which its grants are stored."""
        return self.nickname[1:] if self.is_single else group_holder(self.nickname)

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields."""
        return {
            "nickname": self.nickname,
            "name": self.name,
            "about": self.about,
            "is_private": self.is_private,
            "created": iso(self.created),
            "created_by": self.created_by,
            "modified": iso(self.modified),
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> UserGroup:
        """Read a stored group."""
        return cls(
            item["nickname"],
            item["name"],
            item["about"],
            bool(item["is_private"]),
            datetime.fromisoformat(item["created"]),
            item["created_by"],
            datetime.fromisoformat(item["modified"]),
        )


@dataclass(frozen=True, slots=True)
class Membership:
    """That a user is a member of a group, until it ends."""

    nickname: str
    username: str
    #: Whether the member admits and removes others.
    is_admin: bool
    since: datetime
    by: str
    until: datetime | None = None

    def is_active(self, now: datetime) -> bool:
        """Whether it holds at a moment."""
        return self.until is None or now < self.until

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields."""
        return {
            "nickname": self.nickname,
            "username": self.username,
            "is_admin": self.is_admin,
            "since": iso(self.since),
            "by": self.by,
            "until": iso(self.until),
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Membership:
        """Read a stored membership."""
        return cls(
            item["nickname"],
            item["username"],
            bool(item["is_admin"]),
            datetime.fromisoformat(item["since"]),
            item["by"],
            moment(item.get("until")),
        )


def group_holder(nickname: str) -> str:
    """Return the name under which the grants of a group of several users are stored."""
    return f"group:{nickname}"


def stored_group(ctx: Context, nickname: str) -> UserGroup | None:
    """Return a group of several users; None for an unknown nickname."""
    item = ctx.uow.item(keys.group(nickname)) if nickname and not nickname.startswith(SINGLE) else None
    return None if item is None else UserGroup.from_item(item)


def stored_groups(ctx: Context) -> Sequence[UserGroup]:
    """Return all groups of several users, by nickname."""
    return [UserGroup.from_item(item) for item in ctx.uow.items(keys.GROUPS)]


def members_of(ctx: Context, nickname: str) -> Sequence[Membership]:
    """Return the members of a group, by username, also those whose membership has ended."""
    return [Membership.from_item(item) for item in ctx.uow.items(keys.group_members(nickname))]


def memberships_of(ctx: Context, username: str) -> Sequence[Membership]:
    """Return the memberships of a user that hold now, by nickname."""
    found = [Membership.from_item(item) for item in ctx.uow.items(keys.memberships(username))]
    return [each for each in found if each.is_active(ctx.now)]


def claim_group(ctx: Context, group: UserGroup) -> None:
    """Write a group again, so that this commit and another one that changes who has its rights don't meet.

    Whichever is second is retried, and then sees what the first has changed.
    """
    ctx.uow.put_if_unchanged(keys.group(group.nickname), "group", group.to_fields())


def store_membership(ctx: Context, membership: Membership) -> None:
    """Store a membership, with its group and with its user."""
    nickname, username = membership.nickname, membership.username
    for key in (keys.group_member(nickname, username), keys.membership(username, nickname)):
        ctx.uow.put_if_unchanged(key, "group_member", membership.to_fields())


def delete_membership(ctx: Context, nickname: str, username: str) -> None:
    """Delete a membership, with its group and with its user."""
    ctx.uow.delete_item(keys.group_member(nickname, username))
    ctx.uow.delete_item(keys.membership(username, nickname))
