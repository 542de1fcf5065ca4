"""Defines roles of a run's own, and finds the rights that a role or a right stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from chalicelib.access.rights import ROLES, Right
from chalicelib.errors import BadRequest, InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context

from .similar_names import folded

ROLE_PATTERN: Final = r"^[A-Za-z0-9]+([ ._-][A-Za-z0-9]+)*$"
MAX_ROLE: Final = 40
_NAME: Final = re.compile(ROLE_PATTERN.strip("^$"))


@dataclass(frozen=True, slots=True)
class OwnRole:
    """A role that people who manage the lab have made for this run."""

    name: str
    rights: frozenset[Right]
    #: What the role is for.
    about: str
    created: datetime
    created_by: str
    modified: datetime

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields."""
        return {
            "name": self.name,
            "rights": sorted(self.rights),
            "about": self.about,
            "created": iso(self.created),
            "created_by": self.created_by,
            "modified": iso(self.modified),
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> OwnRole:
        """Read a stored role."""
        return cls(
            item["name"],
            frozenset(Right(right) for right in item["rights"]),
            item["about"],
            datetime.fromisoformat(item["created"]),
            item["created_by"],
            datetime.fromisoformat(item["modified"]),
        )


def checked_role_name(name: str) -> str:
    """Return the name of a new role; refuse one that looks like a built-in role."""
    if len(name) > MAX_ROLE or not _NAME.fullmatch(name):
        raise BadRequest(
            f"{name[:40]!r} is not a valid name of a role: use up to {MAX_ROLE} letters and digits, with "
            "single spaces, dots, dashes or underscores between them.",
            code="invalid_name",
        )
    if folded(name) in {folded(each) for each in (*ROLES, *Right, "Operator")}:
        raise InvalidState(
            f"{name!r} looks like a built-in role or right. Choose another name.", code="name_reserved"
        )
    return name


def find_role(ctx: Context, name: str) -> OwnRole | None:
    """Return a role of the run's own; None for an unknown name."""
    item = ctx.uow.item(keys.role(folded(name))) if 0 < len(name) <= MAX_ROLE else None
    return OwnRole.from_item(item) if item is not None and item["name"] == name else None


def own_roles(ctx: Context) -> list[OwnRole]:
    """Return the roles of the run's own, by name."""
    return sorted(map(OwnRole.from_item, ctx.uow.items(keys.ROLES)), key=lambda role: role.name.lower())


def rights_named(ctx: Context, name: str) -> frozenset[Right]:
    """Return the rights of a role, or the one right, of this name; NotFound for an unknown one."""
    found = _rights_named(ctx, name)
    if found is not None:
        return found
    names = [*ROLES, *(role.name for role in own_roles(ctx))]
    raise NotFound(
        f"{name[:40]!r} is neither a role nor a right. Use one of the roles {', '.join(names)}, or one of "
        f"the rights {', '.join(Right)}.",
        code="unknown_role",
    )


def rights_granted(ctx: Context, name: str) -> frozenset[Right]:
    """Return the rights that a stored grant of a role or a right gives now."""
    return _rights_named(ctx, name) or frozenset()


def _rights_named(ctx: Context, name: str) -> frozenset[Right] | None:
    if name in ROLES:
        return ROLES[name]
    if name in set(Right):
        return frozenset({Right(name)})
    role = find_role(ctx, name)
    return None if role is None else role.rights


def claim_role(ctx: Context, name: str) -> None:
    """Write a role of the run's own again, so that this commit and a change of it don't both succeed."""
    role = find_role(ctx, name)
    if role is not None:
        ctx.uow.put_if_unchanged(keys.role(folded(name)), "role", role.to_fields())
