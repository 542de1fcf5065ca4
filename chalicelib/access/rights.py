"""Defines the rights, the built-in roles, and the actors who have them (docs/rights.md)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from chalicelib.immutable import immutable


class Right(StrEnum):
    """What an actor may do; the value is the name that people see."""

    VIEW = "View"
    VIEW_PERSONAL_DATA = "View personal data"
    COMMENT = "Comment"
    GRADE = "Grade"
    RECRUIT = "Recruit"
    PAY = "Pay"
    EDIT_PARTICIPANTS = "Edit participants"
    EXPORT = "Export"
    EXPORT_PERSONAL_DATA = "Export personal data"
    RUN_LIVE_SESSION = "Run live session"
    EDIT_MATERIALS = "Edit materials"
    MANAGE_LAB = "Manage lab"
    SYSTEM_ADMIN = "System admin"


_ALL: Final = frozenset(Right)

VIEWER, ASSISTANT, RESEARCHER = "Viewer", "Assistant", "Researcher"
LAB_ADMIN, SUPER_ADMIN = "Lab admin", "Super admin"

#: The built-in roles, from the fewest rights to all.
ROLES: Final[Mapping[str, frozenset[Right]]] = MappingProxyType(
    {
        VIEWER: frozenset({Right.VIEW}),
        ASSISTANT: frozenset({Right.VIEW, Right.COMMENT, Right.GRADE, Right.RUN_LIVE_SESSION}),
        RESEARCHER: _ALL - {Right.MANAGE_LAB, Right.SYSTEM_ADMIN},
        LAB_ADMIN: _ALL - {Right.SYSTEM_ADMIN},
        SUPER_ADMIN: _ALL,
    }
)


@immutable()
class Actor:
    """A person or a program that manages the run."""

    #: `operator`, `user:<username>` or `token:<username>/<name>`.
    id: str
    #: The name that people see.
    name: str
    rights: frozenset[Right]
    #: The version of its rights, which a change compares with the head of the actor's audit chain.
    version: int = 0

    def may(self, right: Right) -> bool:
        """Whether the actor has a right; System admin implies every right."""
        return right in self.rights or Right.SYSTEM_ADMIN in self.rights

    @property
    def username(self) -> str | None:
        """The user who acts, or whose token acts; None for the built-in operator."""
        kind, _, rest = self.id.partition(":")
        return rest.partition("/")[0] if kind in ("user", "token") else None

    @property
    def is_token(self) -> bool:
        """Whether a program acts with a token of a user."""
        return self.id.startswith("token:")


#: The actor for the operator's token and for commands of a person who may deploy the app.
OPERATOR_ACTOR: Final = Actor("operator", "Operator", _ALL)
