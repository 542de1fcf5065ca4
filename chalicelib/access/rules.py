"""Defines the rules for rows, the conditions for creating, reading, updating or deleting a record.

A right belongs to an operation; a rule belongs to rows. Rules are joined by `&` and `|`, which are
associative, commutative and idempotent; `Public()` and `Nobody()` are their neutral elements.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any, Final

from chalicelib.immutable import immutable

from .rights import Actor, Right

#: A record as rules see it: its fields by name.
Row = Mapping[str, Any]


class Mode(StrEnum):
    """What is done to a row."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"


class RelatedRows:
    """Answers rules about rows that a row refers to; this one knows none, so that such rules refuse."""

    def is_accessible(self, actor: Actor, kind: str, id_: Any, mode: Mode) -> bool:
        """Whether the actor may access a related row."""
        del actor, kind, id_, mode
        return False


NO_RELATED: Final = RelatedRows()


class Rule(ABC):
    """A condition under which an actor may access a row."""

    @abstractmethod
    def allows(self, actor: Actor | None, row: Row, related: RelatedRows = NO_RELATED) -> bool:
        """Whether the actor may access the row; None: a caller who isn't an actor."""

    @abstractmethod
    def may_allow(self, actor: Actor | None) -> bool:
        """Whether the actor may access any row: False refuses before one is read."""

    @abstractmethod
    def text(self) -> str:
        """The rule in words, for the documents."""

    def __and__(self, other: Rule) -> Rule:
        return AllOf(frozenset({self, other}))

    def __or__(self, other: Rule) -> Rule:
        return AnyOf(frozenset({self, other}))


@immutable()
class Public(Rule):
    """Every caller may, also one who isn't an actor."""

    def allows(self, actor: Actor | None, row: Row, related: RelatedRows = NO_RELATED) -> bool:
        """Return True."""
        del actor, row, related
        return True

    def may_allow(self, actor: Actor | None) -> bool:
        """Return True."""
        del actor
        return True

    def text(self) -> str:
        """Return the rule in words."""
        return "every caller"


@immutable()
class Nobody(Rule):
    """No actor may, not even one with the right System admin: only code of Petri does it."""

    def allows(self, actor: Actor | None, row: Row, related: RelatedRows = NO_RELATED) -> bool:
        """Return False."""
        del actor, row, related
        return False

    def may_allow(self, actor: Actor | None) -> bool:
        """Return False."""
        del actor
        return False

    def text(self) -> str:
        """Return the rule in words."""
        return "no actor"


@immutable()
class Restricted(Rule):
    """Actors with a right may."""

    right: Right

    def allows(self, actor: Actor | None, row: Row, related: RelatedRows = NO_RELATED) -> bool:
        """Whether the actor has the right."""
        del row, related
        return self.may_allow(actor)

    def may_allow(self, actor: Actor | None) -> bool:
        """Whether the actor has the right."""
        return actor is not None and actor.may(self.right)

    def text(self) -> str:
        """Return the rule in words."""
        return self.right.value


@immutable()
class UserMatches(Rule):
    """The user whom a field names may, and a token of theirs; System admin too."""

    field_name: str

    def allows(self, actor: Actor | None, row: Row, related: RelatedRows = NO_RELATED) -> bool:
        """Whether the field names the actor, or the user whose token acts."""
        del related
        if actor is None:
            return False
        named = row.get(self.field_name)
        own = {actor.id, *(() if actor.username is None else (actor.username, f"user:{actor.username}"))}
        return actor.may(Right.SYSTEM_ADMIN) or (named is not None and named in own)

    def may_allow(self, actor: Actor | None) -> bool:
        """Whether the caller is an actor."""
        return actor is not None

    def text(self) -> str:
        """Return the rule in words."""
        return f"the user in `{self.field_name}`"


@immutable()
class RelatedAccessible(Rule):
    """Actors who may access the row to which a row refers may; a row that refers to none is open."""

    kind: str
    field_name: str
    mode: Mode = Mode.READ

    def allows(self, actor: Actor | None, row: Row, related: RelatedRows = NO_RELATED) -> bool:
        """Whether the actor may access the related row."""
        id_ = row.get(self.field_name)
        return actor is not None and (id_ is None or related.is_accessible(actor, self.kind, id_, self.mode))

    def may_allow(self, actor: Actor | None) -> bool:
        """Whether the caller is an actor."""
        return actor is not None

    def text(self) -> str:
        """Return the rule in words."""
        return f"may {self.mode.value} the {self.kind}"


@immutable()
class Custom(Rule):
    """A function decides about the row; it binds System admin too, since it is about the row's state.

    `for_lists` decides whether an actor may access any row, without one; by default every actor may.
    """

    function: Callable[[Actor, Row], bool]
    words: str
    for_lists: Callable[[Actor], bool] = field(default=lambda _: True)

    def allows(self, actor: Actor | None, row: Row, related: RelatedRows = NO_RELATED) -> bool:
        """Whether the function allows it."""
        del related
        return actor is not None and self.function(actor, row)

    def may_allow(self, actor: Actor | None) -> bool:
        """Whether the list form allows it."""
        return actor is not None and self.for_lists(actor)

    def text(self) -> str:
        """Return the rule in words."""
        return self.words


@immutable()
class AllOf(Rule):
    """All of some rules must allow it."""

    rules: frozenset[Rule]

    def allows(self, actor: Actor | None, row: Row, related: RelatedRows = NO_RELATED) -> bool:
        """Whether all allow it."""
        return all(rule.allows(actor, row, related) for rule in self.rules)

    def may_allow(self, actor: Actor | None) -> bool:
        """Whether all may allow it."""
        return all(rule.may_allow(actor) for rule in self.rules)

    def text(self) -> str:
        """Return the rule in words."""
        return " and ".join(sorted(_bracketed(rule) for rule in self.rules))


@immutable()
class AnyOf(Rule):
    """One of some rules must allow it."""

    rules: frozenset[Rule]

    def allows(self, actor: Actor | None, row: Row, related: RelatedRows = NO_RELATED) -> bool:
        """Whether one allows it."""
        return any(rule.allows(actor, row, related) for rule in self.rules)

    def may_allow(self, actor: Actor | None) -> bool:
        """Whether one may allow it."""
        return any(rule.may_allow(actor) for rule in self.rules)

    def text(self) -> str:
        """Return the rule in words."""
        return ", or ".join(sorted(rule.text() for rule in self.rules))


def _bracketed(rule: Rule) -> str:
    return f"({rule.text()})" if isinstance(rule, AnyOf) else rule.text()


@immutable()
class Personal:
    """Fields that are left out for actors without a right; lists can't be filtered or sorted by them."""

    fields: frozenset[str]
    right: Right = Right.VIEW_PERSONAL_DATA

    def hidden_from(self, actor: Actor | None) -> frozenset[str]:
        """Return the fields that the actor may not see."""
        return frozenset() if actor is not None and actor.may(self.right) else self.fields
