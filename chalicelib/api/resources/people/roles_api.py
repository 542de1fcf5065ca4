"""/api/v1/roles: the built-in roles, and those that a run's own people make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import ID_TEXT, NoParameters, One
from chalicelib.operations.accounts.account_records import MAX_TEXT, TEXT_PATTERN
from chalicelib.operations.accounts.own_roles import MAX_ROLE, ROLE_PATTERN
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.management.people import managed_roles
from chalicelib.operations.management.people.managed_roles import ChangedRole, RoleRow

ROLES: Final = "roles"
_ABOUT: Final = {"max": MAX_TEXT, "pattern": TEXT_PATTERN, "help": "What the role is for."}
#: The name of a role, or a right; the operation refuses names that the run doesn't have.
ROLE_OR_RIGHT: Final = {"min": 1, "max": MAX_ROLE, "pattern": ROLE_PATTERN, "help": "A role or a right."}


@dataclass(frozen=True, slots=True)
class NewRole:
    """A role to make."""

    name: str = field(metadata={"min": 1, "max": MAX_ROLE, "pattern": ROLE_PATTERN})
    rights: list[Right] = field(metadata={"help": "Rights within your own."})
    about: str = field(default="", metadata=_ABOUT)


@dataclass(frozen=True, slots=True)
class RoleChanges:
    """A role, and what to change about it."""

    id: str = field(metadata=ID_TEXT)
    rights: list[Right] | None = field(
        default=None, metadata={"help": "All its rights from now on, within your own."}
    )
    about: str | None = field(default=None, metadata=_ABOUT)


def _about_role(name: str, parameters: Any, answer: Any, **more: Any) -> AnyOperation:
    fields: dict[str, Any] = {"shape": Shape.ITEM, "right": Right.MANAGE_LAB, **more}
    return ApiOperation(
        name=f"{ROLES}.{name}", resource=ROLES, parameters=parameters, answer=answer, **fields
    )


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    _about_role(
        "list",
        NoParameters,
        Listing[RoleRow],
        method="GET",
        shape=Shape.LIST,
        right=Right.VIEW,
        run=lambda ctx, _: managed_roles.rows_of_roles(ctx),
        summary="Lists the built-in roles and the run's own, each with its rights.",
    ),
    _about_role(
        "read",
        One,
        RoleRow,
        method="GET",
        right=Right.VIEW,
        run=lambda ctx, one: managed_roles.role_row(ctx, one.id),
        summary="Returns a role of the run's own.",
    ),
    _about_role(
        "add",
        NewRole,
        ChangedRole,
        method="POST",
        shape=Shape.LIST,
        run=lambda ctx, new: managed_roles.add_role(ctx, new.name, new.rights, new.about),
        summary="Makes a role with rights within your own.",
        records_itself=True,
    ),
    _about_role(
        "change",
        RoleChanges,
        ChangedRole,
        method="POST",
        shape=Shape.VERB,
        verb="change",
        run=lambda ctx, one: managed_roles.change_role(ctx, one.id, one.rights, one.about),
        summary="Changes the rights of a role for everyone who has it, or what it is for.",
        records_itself=True,
    ),
    _about_role(
        "delete",
        One,
        ChangedRole,
        method="DELETE",
        run=lambda ctx, one: managed_roles.delete_role(ctx, one.id),
        summary="Deletes a role that is granted to no user.",
        records_itself=True,
    ),
)
