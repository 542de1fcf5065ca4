"""Grades answers: shares of points, the attempt that counts, and right numbers given as a range."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from .answer_rules import author_number, plain

GRADINGS: Final = ("all_or_nothing", "percent", "interaction", "manual", "peer")
COUNTS: Final = ("first", "last", "best", "all")
FEEDBACK_TIMES: Final = ("at_once", "section", "never")
PEER_RULES: Final = ("median", "mean")
_FOUR_DECIMALS: Final = Decimal("0.0001")


@dataclass(frozen=True)
class Grade:
    """The grade of one answer; `correct` and `percent` (0 to 1) are None while it isn't graded."""

    correct: bool | None = None
    percent: Decimal | None = None
    points: Decimal = Decimal(0)
    comment: str = ""
    #: Empty for Petri's own rules; "client" where the participant's browser reported what is right.
    by: str = ""


def share_of(part: int | Fraction, whole: int = 1) -> Decimal:
    """Return part / whole, within 0 and 1, to four decimals."""
    fraction = min(max(Fraction(part) / whole, Fraction(0)), Fraction(1)) if whole else Fraction(0)
    return (Decimal(fraction.numerator) / Decimal(fraction.denominator)).quantize(_FOUR_DECIMALS)


def grade_share(
    part: int | Fraction, whole: int, points: Decimal, *, partial: bool, comment: str = ""
) -> Grade:
    """Return the grade of an answer of which `part` of `whole` is right; all or nothing unless `partial`."""
    is_correct = whole > 0 and part >= whole
    if is_correct:
        return Grade(correct=True, percent=Decimal(1), points=points, comment=comment)
    percent = share_of(part, whole) if partial else Decimal(0)
    return Grade(correct=False, percent=percent, points=_trim(points * percent), comment=comment)


def _trim(number: Decimal) -> Decimal:
    rounded = number.quantize(_FOUR_DECIMALS)
    return rounded.to_integral_value() if rounded == rounded.to_integral_value() else rounded.normalize()


def counted(attempts: Sequence[Grade], rule: str) -> Grade | None:
    """Return the grade that counts among several attempts, in their order; None without attempts.

    `first` and `last` are the first and the last attempt. `best` is the one with the most points; ungraded
    attempts count only when there are no others, and the earlier of two equal ones counts. `all` is the mean
    of the graded attempts, and correct only when each of them is.
    """
    if not attempts:
        return None
    if rule == "first":
        return attempts[0]
    if rule == "last":
        return attempts[-1]
    graded = [each for each in attempts if each.percent is not None]
    if not graded:
        return attempts[-1]
    return max(graded, key=_merit) if rule == "best" else _mean(graded)


def points_that_count(points: Iterable[str], rule: str) -> Decimal:
    """Return the points that count among those of several graded attempts, in their order."""
    grade = counted([Grade(percent=Decimal(0), points=Decimal(each)) for each in points], rule)
    return Decimal(0) if grade is None else grade.points


def _merit(grade: Grade) -> tuple[Decimal, Decimal]:
    return grade.points, grade.percent or Decimal(0)


def _mean(grades: Sequence[Grade]) -> Grade:
    percent = sum((each.percent or Decimal(0) for each in grades), Decimal(0)) / len(grades)
    points = sum((each.points for each in grades), Decimal(0)) / len(grades)
    correct = None if any(each.correct is None for each in grades) else all(each.correct for each in grades)
    return Grade(correct, percent.quantize(_FOUR_DECIMALS), _trim(points), grades[-1].comment)


def score(grades: Iterable[Grade | None]) -> Decimal:
    """Return the sum of the points of the grades that count."""
    return sum((grade.points for grade in grades if grade is not None), Decimal(0))


@dataclass(frozen=True)
class RightRange:
    """The numbers that are right: from `low` to `high`, both included."""

    low: Any
    high: Any

    def contains(self, number: Decimal) -> bool:
        low, high = author_number(self.low), author_number(self.high)
        return low is not None and high is not None and low <= number <= high

    def problems(self) -> list[str]:
        """Return what is wrong with the range."""
        low, high = author_number(self.low), author_number(self.high)
        if low is None or high is None:
            return [f"the right answer goes from {self.low!r} to {self.high!r}; give two numbers"]
        return [] if low <= high else [f"the right answer goes from {low} to {high}; swap them"]


def between(low: Any, high: Any) -> RightRange:
    """Say that each number from `low` to `high` is right: `right=between(7, 9)`."""
    return RightRange(low, high)


def about(value: Any, tolerance: Any) -> RightRange:
    """Say that each number within `tolerance` of `value` is right: `right=about(3.14, 0.01)`."""
    number, distance = author_number(value), author_number(tolerance)
    if number is None or distance is None:
        return RightRange(value, tolerance)
    return RightRange(number - distance, number + distance)


def right_numbers(right: Any) -> list[RightRange]:
    """Return the ranges of right numbers: of a number, a range, a tolerance, or a list of these.

    A range is `between(7, 9)` or {"from": 7, "to": 9}; a tolerance is `about(3.14, 0.01)` or
    {"value": 3.14, "tolerance": 0.01}.
    """
    if right is None:
        return []
    if isinstance(right, list | tuple | set | frozenset):
        return [each for part in right for each in right_numbers(part)]
    if isinstance(right, RightRange):
        return [right]
    if isinstance(right, Mapping):
        if set(right) == {"from", "to"}:
            return [RightRange(right["from"], right["to"])]
        if set(right) == {"value", "tolerance"}:
            return [about(right["value"], right["tolerance"])]
    return [RightRange(right, right)]


def shown_range(right: RightRange) -> str:
    """Return a range as an author reads it in a problem."""
    low, high = author_number(right.low), author_number(right.high)
    if low is None or high is None or low == high:
        return f"{right.low}"
    return f"{plain(low)} to {plain(high)}"
