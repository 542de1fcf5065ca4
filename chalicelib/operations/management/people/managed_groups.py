"""Groups with their members, grants and requests, as rows of the API and of the page Groups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.operations.accounts.account_records import UserGrant
from chalicelib.operations.accounts.actors import find_user
from chalicelib.operations.accounts.group_records import Membership
from chalicelib.operations.accounts.groups import admissions, groups, memberships
from chalicelib.operations.accounts.groups.known_group import KnownGroup, is_admitting
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context

from .managed_roles import in_order


@dataclass(frozen=True, slots=True)
class GroupGrantRow:
    """A role or a right that a group was granted."""

    what: str
    since: datetime
    by: str
    until: datetime | None
    #: Whether it hasn't ended.
    is_active: bool


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member of a group."""

    username: str
    name: str
    is_admin: bool
    since: datetime
    by: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class AdmissionRow:
    """A request to become a member of a group; an accepted one is gone."""

    username: str
    text: str
    asked: datetime
    #: `open` or `refused`.
    status: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group as the actor sees it."""

    id: str
    name: str
    about: str
    is_private: bool
    #: Whether it is the group of one user, which every user has.
    is_single: bool
    created: datetime
    created_by: str
    #: The rights that it has now.
    rights: list[str]
    grants: list[GroupGrantRow]
    members: list[MemberRow]
    #: All requests for who admits members; otherwise the actor's own.
    requests: list[AdmissionRow]
    is_member: bool
    #: Whether the actor admits members and removes them.
    is_admitting: bool


@dataclass(frozen=True, slots=True)
class ChangedGroup:
    """The group that a change was about."""

    id: str


def rows_of_groups(ctx: Context) -> Listing[GroupRow]:
    """Return the groups that the actor sees: their own group of one, and then the others by nickname."""
    rows = [_row(ctx, known) for known in groups.list_groups(ctx)]
    return Listing(rows, None, len(rows), is_partial=False)


def group_row(ctx: Context, nickname: str) -> GroupRow:
    """Return a group; NotFound for one that the actor may not see."""
    return _row(ctx, groups.read_group(ctx, nickname))


def add_group(ctx: Context, nickname: str, name: str, about: str, *, is_private: bool) -> ChangedGroup:
    """Make a group."""
    return ChangedGroup(
        groups.make_group(ctx, nickname, name or nickname, about=about, is_private=is_private).nickname
    )


def change_group(
    ctx: Context, nickname: str, name: str | None, about: str | None, *, is_private: bool | None
) -> ChangedGroup:
    """Change a group; what is None stays."""
    return ChangedGroup(
        groups.change_group(ctx, nickname, name=name, about=about, is_private=is_private).nickname
    )


def delete_group(ctx: Context, nickname: str) -> ChangedGroup:
    """Delete a group with its grants."""
    groups.delete_group(ctx, nickname)
    return ChangedGroup(nickname)


def grant(ctx: Context, nickname: str, what: str, days: int | None) -> ChangedGroup:
    """Grant a role or a right to a group; an earlier grant of it is replaced."""
    groups.grant_to_group(ctx, nickname, what, until=_after(ctx, days))
    return ChangedGroup(nickname)


def revoke(ctx: Context, nickname: str, what: str) -> ChangedGroup:
    """Revoke a role or a right of a group."""
    groups.revoke_from_group(ctx, nickname, what)
    return ChangedGroup(nickname)


def add_member(
    ctx: Context, nickname: str, username: str, days: int | None, *, is_admin: bool
) -> ChangedGroup:
    """Make a user a member, or change whether and until when they are one."""
    memberships.add_member(ctx, nickname, username, is_admin=is_admin, until=_after(ctx, days))
    return ChangedGroup(nickname)


def remove_member(ctx: Context, nickname: str, username: str) -> ChangedGroup:
    """Remove a member, who can also leave."""
    memberships.remove_member(ctx, nickname, username)
    return ChangedGroup(nickname)


def ask(ctx: Context, nickname: str, text: str) -> ChangedGroup:
    """Ask to become a member."""
    admissions.ask_for_admission(ctx, nickname, text)
    return ChangedGroup(nickname)


def withdraw(ctx: Context, nickname: str) -> ChangedGroup:
    """Withdraw one's own request."""
    admissions.withdraw_request(ctx, nickname)
    return ChangedGroup(nickname)


def accept(ctx: Context, nickname: str, username: str) -> ChangedGroup:
    """Make a user who has asked a member."""
    admissions.accept_request(ctx, nickname, username)
    return ChangedGroup(nickname)


def refuse(ctx: Context, nickname: str, username: str) -> ChangedGroup:
    """Refuse the request of a user."""
    admissions.refuse_request(ctx, nickname, username)
    return ChangedGroup(nickname)


def _row(ctx: Context, known: KnownGroup) -> GroupRow:
    group, username = known.group, require_actor(ctx).username
    requests = [
        AdmissionRow(each.username, each.text, each.asked, each.status.value)
        for each in admissions.requests_of(ctx, known)
    ]
    return GroupRow(
        id=group.nickname,
        name=group.name,
        about=group.about,
        is_private=group.is_private,
        is_single=group.is_single,
        created=group.created,
        created_by=group.created_by,
        rights=in_order(known.rights),
        grants=[_grant_row(ctx, each) for each in groups.grants_of_group(ctx, known)],
        members=[_member_row(ctx, each) for each in known.members],
        requests=requests,
        is_member=any(each.username == username for each in known.members),
        is_admitting=is_admitting(ctx, known),
    )


def _grant_row(ctx: Context, each: UserGrant) -> GroupGrantRow:
    return GroupGrantRow(each.what, each.since, each.by, each.until, each.is_active(ctx.now))


def _member_row(ctx: Context, each: Membership) -> MemberRow:
    user = find_user(ctx, each.username)
    return MemberRow(
        each.username,
        each.username if user is None else user.name,
        each.is_admin,
        each.since,
        each.by,
        each.until,
    )


def _after(ctx: Context, days: int | None) -> datetime | None:
    return None if days is None else ctx.now + timedelta(days=days)
