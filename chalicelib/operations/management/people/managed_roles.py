"""Built-in roles and those of a run's own, as rows of the API and of the page People."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from chalicelib.access.rights import ROLES, Right
from chalicelib.operations.accounts import roles
from chalicelib.operations.accounts.own_roles import OwnRole
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role, built-in or of the run's own."""

    id: str
    rights: list[str]
    about: str
    is_built_in: bool
    #: To whom it is granted; None for actors who don't manage the lab.
    holders: list[str] | None
    created: datetime | None = None
    created_by: str | None = None
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChangedRole:
    """The role that a change was about."""

    id: str


def rows_of_roles(ctx: Context) -> Listing[RoleRow]:
    """Return the built-in roles, from the fewest rights to all, and then the run's own by name."""
    built_in = [
        RoleRow(name, in_order(held), "", is_built_in=True, holders=_holders(ctx, name))
        for name, held in ROLES.items()
    ]
    rows = [*built_in, *(_row(ctx, role) for role in roles.list_roles(ctx))]
    return Listing(rows, None, len(rows), is_partial=False)


def role_row(ctx: Context, name: str) -> RoleRow:
    """Return a role of the run's own; NotFound for another one."""
    return _row(ctx, roles.read_role(ctx, name))


def add_role(ctx: Context, name: str, rights: Collection[Right], about: str) -> ChangedRole:
    """Make a role with rights within the actor's own."""
    return ChangedRole(roles.make_role(ctx, name, rights, about).name)


def change_role(ctx: Context, name: str, rights: Collection[Right] | None, about: str | None) -> ChangedRole:
    """Change the rights of a role, or what it is for; None leaves it as it is."""
    return ChangedRole(roles.change_role(ctx, name, rights=rights, about=about).name)


def delete_role(ctx: Context, name: str) -> ChangedRole:
    """Delete a role that is granted to no user."""
    roles.delete_role(ctx, name)
    return ChangedRole(name)


def in_order(rights: Collection[Right]) -> list[str]:
    """Return the names of some rights in the order of the table of rights."""
    return [right.value for right in Right if right in rights]


def _row(ctx: Context, role: OwnRole) -> RoleRow:
    return RoleRow(
        role.name,
        in_order(role.rights),
        role.about,
        is_built_in=False,
        holders=_holders(ctx, role.name),
        created=role.created,
        created_by=role.created_by,
        modified=role.modified,
    )


def _holders(ctx: Context, name: str) -> list[str] | None:
    return roles.holders_of(ctx, name) if require_actor(ctx).may(Right.MANAGE_LAB) else None
