"""Divides the points of a part of an assignment among its questions: a page has several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from .assignment_records import PAGE, AssignmentTerms
from .grade_computation import AnswerAttempt, EntryGrade, counting_attempts

_FOUR_DECIMALS: Final = Decimal("0.0001")


def points_of_questions(
    grade: EntryGrade,
    attempts: Sequence[AnswerAttempt],
    terms: AssignmentTerms,
    counts: str,
    weights: Mapping[str, Decimal],
) -> dict[str, Decimal | None]:
    """Return the points for each question of a part, by the name of its item; None is blank.

    A page that asks nothing has one entry with an empty name. Points that a person has given for a whole
    page are divided by the weights of its items.

    Args:
        grade: The grade for the part.
        attempts: The member's attempts at it, in order.
        terms: What holds for the member.
        counts: Which attempt counts.
        weights: How much each item of the part counts.

    """
    entry = grade.entry
    if entry.kind != PAGE:
        return {entry.name: grade.points}
    if not weights:
        return {"": grade.points}
    if grade.is_given and grade.points is not None:
        return _divided(grade.points, weights)
    counting = counting_attempts(entry, attempts, terms, counts)
    each = [_points_in(entry.points, one, weights) for one in counting]
    return {name: _mean([points[name] for points in each]) for name in weights}


def _divided(points: Decimal, weights: Mapping[str, Decimal]) -> dict[str, Decimal | None]:
    whole = sum(weights.values(), Decimal(0))
    count = len(weights)
    return {
        name: (points * weight / whole if whole else points / count).quantize(_FOUR_DECIMALS, ROUND_HALF_UP)
        for name, weight in weights.items()
    }


def _points_in(
    possible: Decimal, attempt: AnswerAttempt, weights: Mapping[str, Decimal]
) -> dict[str, Decimal | None]:
    """Return the points in one attempt; an item that doesn't count in it is blank."""
    counted = {name: weights.get(name, Decimal(1)) for name in attempt.shares}
    whole = sum(counted.values(), Decimal(0))
    points: dict[str, Decimal | None] = dict.fromkeys(weights)
    for name, share in attempt.shares.items():
        if name in points and share is not None and whole:
            points[name] = possible * share * counted[name] / whole
    return points


def _mean(values: Sequence[Decimal | None]) -> Decimal | None:
    present = [one for one in values if one is not None]
    if not present:
        return None
    return (sum(present, Decimal(0)) / len(present)).quantize(_FOUR_DECIMALS, ROUND_HALF_UP)
