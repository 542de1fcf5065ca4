"""What the rule of a type says about all rows alike, before one is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from chalicelib.access.rights import ROLES, Actor, Right
from chalicelib.access.rules import (
    Mode,
    Nobody,
    Public,
    RelatedAccessible,
    RelatedRows,
    Restricted,
    Rule,
    UserMatches,
)
from chalicelib.access.tables import rules_of
from chalicelib.operations.shared import row_access
from tests.unit.access.test_rules import IS_HELD, actors, rows, rules

VIEWER = Actor("user:vic", "Vic", ROLES["Viewer"])
MAY, MAY_NOT = Restricted(Right.VIEW), Restricted(Right.PAY)
OWN = UserMatches("author")
RELATED = RelatedAccessible("participant", "participant_id")


class AllRows(RelatedRows):
    """Every related row exists, and its type's rule for reading is that of participants."""

    def is_accessible(self, actor: Actor, kind: str, id_: Any, mode: Mode) -> bool:
        """Whether the actor may view."""
        return actor.may(Right.VIEW)


def verdict(rule: Rule, actor: Actor) -> bool | None:
    """Return what a rule says if it is the one for reading a type."""

    def patched(kind: str) -> Any:
        return replace(rules_of("note"), read=rule) if kind == "thing" else rules_of(kind)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_access, "rules_of", patched)
        return row_access.verdict_without_row("thing", Mode.READ, actor)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Public(), True),
        (Nobody(), False),
        (MAY, True),
        (MAY_NOT, False),
        (OWN, None),
        (IS_HELD, None),
        (RELATED, True),
        (RelatedAccessible("participant", "participant_id", Mode.DELETE), None),
        (MAY & OWN, None),
        (MAY_NOT & OWN, False),
        (MAY | OWN, True),
        (MAY_NOT | OWN, None),
        (MAY & Public(), True),
        (MAY_NOT | Nobody(), False),
        (OWN & IS_HELD, None),
        (OWN | IS_HELD, None),
        ((MAY_NOT & OWN) | Nobody(), False),
        ((MAY | OWN) & Public(), True),
        ((MAY_NOT | OWN) & MAY, None),
    ],
)
def test_a_verdict_is_undecided_exactly_when_it_depends_on_the_row(rule: Rule, expected: bool | None) -> None:
    assert verdict(rule, VIEWER) is expected


@given(rules, actors, rows)
def test_a_verdict_holds_for_every_row(rule: Rule, actor: Actor | None, row: dict[str, Any]) -> None:
    if actor is None:
        return
    said = verdict(rule, actor)
    assert said is None or said == rule.allows(actor, row, AllRows())
