"""/api/v1/groups: groups of users, such as labs, their members, and what is granted to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import ID_TEXT, NoParameters, One
from chalicelib.operations.accounts.account_records import MAX_TEXT, NAME_PATTERN, TEXT_PATTERN
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.management.people import managed_groups as managed
from chalicelib.operations.management.people.managed_groups import ChangedGroup, GroupRow

from .roles_api import ROLE_OR_RIGHT

GROUPS: Final = "groups"
_SLUG: Final = {"min": 1, "max": 32, "pattern": NAME_PATTERN}
_TEXT: Final = {"max": MAX_TEXT, "pattern": TEXT_PATTERN}
_DAYS: Final = {"min": 1, "max": 3_650, "help": "In how many days it ends."}
_PRIVATE: Final = {"help": "Whether only members see it, and actors who manage the lab."}


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group to make."""

    nickname: str = field(metadata=_SLUG)
    name: str = field(default="", metadata={**_TEXT, "help": "By default the nickname."})
    about: str = field(default="", metadata={**_TEXT, "help": "What the group is for."})
    is_private: bool = field(default=False, metadata=_PRIVATE)


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """A group, and what to change about it."""

    id: str = field(metadata=ID_TEXT)
    name: str | None = field(default=None, metadata={**_TEXT, "min": 1})
    about: str | None = field(default=None, metadata=_TEXT)
    is_private: bool | None = field(default=None, metadata=_PRIVATE)


@dataclass(frozen=True, slots=True)
class NewGroupGrant:
    """A group, what to grant, and until when."""

    id: str = field(metadata=ID_TEXT)
    what: str = field(metadata=ROLE_OR_RIGHT)
    days: int | None = field(default=None, metadata=_DAYS)


@dataclass(frozen=True, slots=True)
class OneGroupGrant:
    """A group, and one of its grants."""

    id: str = field(metadata=ID_TEXT)
    what: str = field(metadata=ROLE_OR_RIGHT)


@dataclass(frozen=True, slots=True)
class NewMember:
    """A group, and a user."""

    id: str = field(metadata=ID_TEXT)
    username: str = field(metadata=_SLUG)
    is_admin: bool = field(default=False, metadata={"help": "Whether they admit and remove others."})
    days: int | None = field(default=None, metadata=_DAYS)


@dataclass(frozen=True, slots=True)
class OneMember:
    """A group, and a user."""

    id: str = field(metadata=ID_TEXT)
    username: str = field(metadata=_SLUG)


@dataclass(frozen=True, slots=True)
class Asking:
    """A group, and what to write to its admins."""

    id: str = field(metadata=ID_TEXT)
    text: str = field(default="", metadata=_TEXT)


def _verb(verb: str, parameters: Any, run: Any, summary: str, *, right: Right = Right.VIEW) -> AnyOperation:
    """Return a change of a group; rules for rows say which actors with the right may make it."""
    return ApiOperation(
        name=f"{GROUPS}.{verb}",
        method="POST",
        resource=GROUPS,
        shape=Shape.VERB,
        verb=verb,
        right=right,
        parameters=parameters,
        answer=ChangedGroup,
        run=run,
        summary=summary,
        records_itself=True,
    )


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="groups.list",
        method="GET",
        resource=GROUPS,
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=NoParameters,
        answer=Listing[GroupRow],
        run=lambda ctx, _: managed.rows_of_groups(ctx),
        summary="Lists the groups that you may see, and your own group of one.",
    ),
    ApiOperation(
        name="groups.read",
        method="GET",
        resource=GROUPS,
        shape=Shape.ITEM,
        right=Right.VIEW,
        parameters=One,
        answer=GroupRow,
        run=lambda ctx, one: managed.group_row(ctx, one.id),
        summary="Returns a group with its members and grants; @ada is the group of one of the user ada.",
    ),
    ApiOperation(
        name="groups.add",
        method="POST",
        resource=GROUPS,
        shape=Shape.LIST,
        right=Right.MANAGE_LAB,
        parameters=NewGroup,
        answer=ChangedGroup,
        run=lambda ctx, new: managed.add_group(
            ctx, new.nickname, new.name, new.about, is_private=new.is_private
        ),
        summary="Makes a group; you are its first admin.",
        records_itself=True,
    ),
    ApiOperation(
        name="groups.delete",
        method="DELETE",
        resource=GROUPS,
        shape=Shape.ITEM,
        right=Right.MANAGE_LAB,
        parameters=One,
        answer=ChangedGroup,
        run=lambda ctx, one: managed.delete_group(ctx, one.id),
        summary="Deletes a group; its members lose what was granted to it.",
        records_itself=True,
    ),
    _verb(
        "change",
        GroupChanges,
        lambda ctx, one: managed.change_group(ctx, one.id, one.name, one.about, is_private=one.is_private),
        "Changes the name of a group, what it is for, or who sees it; for its admins.",
    ),
    _verb(
        "grant",
        NewGroupGrant,
        lambda ctx, new: managed.grant(ctx, new.id, new.what, new.days),
        "Grants a group a role or a right within your own; all members have it.",
        right=Right.MANAGE_LAB,
    ),
    _verb(
        "revoke",
        OneGroupGrant,
        lambda ctx, one: managed.revoke(ctx, one.id, one.what),
        "Revokes a role or a right of a group.",
        right=Right.MANAGE_LAB,
    ),
    _verb(
        "add-member",
        NewMember,
        lambda ctx, new: managed.add_member(ctx, new.id, new.username, new.days, is_admin=new.is_admin),
        "Makes a user a member, or changes whether they are an admin; for admins of the group.",
    ),
    _verb(
        "remove-member",
        OneMember,
        lambda ctx, one: managed.remove_member(ctx, one.id, one.username),
        "Removes a member; for admins of the group, and for the member.",
    ),
    _verb(
        "ask",
        Asking,
        lambda ctx, one: managed.ask(ctx, one.id, one.text),
        "Asks to become a member of a group.",
    ),
    _verb(
        "withdraw",
        One,
        lambda ctx, one: managed.withdraw(ctx, one.id),
        "Withdraws your request to become a member.",
    ),
    _verb(
        "accept",
        OneMember,
        lambda ctx, one: managed.accept(ctx, one.id, one.username),
        "Accepts the request of a user; for admins of the group.",
    ),
    _verb(
        "refuse",
        OneMember,
        lambda ctx, one: managed.refuse(ctx, one.id, one.username),
        "Refuses the request of a user, who sees so; for admins of the group.",
    ),
)
