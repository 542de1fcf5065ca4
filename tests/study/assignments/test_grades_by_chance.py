"""Totals, means and divided points of gradebooks, for any grades."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.study.assignments.assignment_records import (
    AssignmentEntry,
    AssignmentTerms,
    ClassAssignment,
    GivenPoints,
)
from chalicelib.study.assignments.grade_computation import (
    AnswerAttempt,
    AssignmentGrade,
    figures_of,
    grade_assignment,
    grade_entry,
    total_of,
)
from chalicelib.study.assignments.question_points import points_of_questions

BEGIN = datetime(2026, 11, 30, tzinfo=UTC)
OPEN = AssignmentTerms(due=None, is_enforced=False, visible_from=None, seconds=None)
points = st.decimals(0, 1000, places=2)
shares = st.one_of(st.none(), st.decimals(0, 1, places=4))
weights = st.decimals(0, 100, places=2).map(str)
counts = st.sampled_from(["first", "last", "best", "all"])


@st.composite
def graded(draw: st.DrawFn) -> tuple[ClassAssignment, AssignmentGrade]:
    """An assignment with some parts, and a member's grade for it."""
    possible = draw(st.lists(points, min_size=1, max_size=4))
    parts = [["item", f"item_{number}", str(one)] for number, one in enumerate(possible)]
    assignment = ClassAssignment(1, 1, "Homework", parts, weight=draw(weights), counts=draw(counts))
    attempts = {
        entry.key: [AnswerAttempt(BEGIN, share) for share in draw(st.lists(shares, max_size=3))]
        for entry in assignment.entries
    }
    given_points = {}
    if draw(st.booleans()):
        total = draw(st.decimals(0, assignment.possible, places=2))
        given_points[""] = GivenPoints(1, 1, "seat", "", str(total))
    return assignment, grade_assignment(assignment, attempts, OPEN, given_points)


@given(st.lists(graded(), max_size=5), st.sampled_from(["sum", "weighted"]))
def test_a_total_lies_between_nothing_and_all_and_leaves_blanks_out(
    grades: list[tuple[ClassAssignment, AssignmentGrade]], rule: str
) -> None:
    total, possible = total_of(grades, rule)
    with_points = [pair for pair in grades if pair[1].points is not None]
    assert total is None or 0 <= total <= possible
    # Grades without points change nothing, wherever they stand.
    assert total_of(with_points, rule) == (total, possible)
    assert total_of(with_points[::-1], rule) == (total, possible)
    if not with_points:
        assert total is None


@given(st.lists(st.one_of(st.none(), points)))
def test_mean_and_median_lie_between_the_least_and_the_most_and_count_no_blank(
    column: list[Decimal | None],
) -> None:
    figures = figures_of(column)
    present = [one for one in column if one is not None]
    assert figures.count == len(present)
    assert figures == figures_of([*column, None])
    if figures.mean is not None and figures.median is not None:
        rounding = Decimal("0.0001")
        assert min(present) - rounding <= figures.mean <= max(present) + rounding
        assert min(present) <= figures.median <= max(present)


@given(st.lists(shares, max_size=6), counts, points, st.one_of(st.none(), st.integers(0, 8)))
def test_a_part_has_at_most_its_points_and_those_refused_do_not_count(
    found: list[Decimal | None], rule: str, most: Decimal, refused_from: int | None
) -> None:
    entry = AssignmentEntry("item", "capital", most)
    attempts = [AnswerAttempt(BEGIN + timedelta(hours=n), share) for n, share in enumerate(found)]
    due = None if refused_from is None else BEGIN + timedelta(hours=refused_from, minutes=-1)
    terms = AssignmentTerms(due=due, is_enforced=True, visible_from=None, seconds=None)
    grade = grade_entry(entry, attempts, terms, rule)
    in_time = attempts if refused_from is None else attempts[:refused_from]
    assert (grade.attempts, grade.refused) == (len(in_time), len(attempts) - len(in_time))
    assert grade.points is None or 0 <= grade.points <= most
    assert grade.points == grade_entry(entry, in_time, OPEN, rule).points
    assert not grade.is_late


@given(
    st.dictionaries(st.sampled_from("abcde"), st.decimals(0, 10, places=1), min_size=1),
    st.dictionaries(st.sampled_from("abcde"), st.decimals(0, 1, places=4), min_size=1),
    points,
    st.one_of(st.none(), st.decimals(0, 1, places=2)),
)
def test_the_points_of_a_page_are_divided_among_its_questions_and_none_is_lost(
    held: dict[str, Decimal], answered: dict[str, Decimal], most: Decimal, by_hand: Decimal | None
) -> None:
    weighed = {name: held.get(name, Decimal(1)) for name in {*held, *answered}}
    whole = sum((weighed[name] for name in answered), Decimal(0))
    earned = sum((share * weighed[name] for name, share in answered.items()), Decimal(0))
    share = earned / whole if whole else Decimal(1)
    entry = AssignmentEntry("page", "intro", most)
    attempt = AnswerAttempt(BEGIN, share, shares=answered)
    total = None if by_hand is None else GivenPoints(1, 1, "seat", entry.key, str(by_hand * most))
    grade = grade_entry(entry, [attempt], OPEN, "best", total)
    divided = points_of_questions(grade, [attempt], OPEN, "best", weighed)
    assert divided.keys() == weighed.keys()
    present = [one for one in divided.values() if one is not None]
    assert all(one >= 0 for one in present)
    if grade.points is not None and (whole or by_hand is not None):
        assert abs(sum(present, Decimal(0)) - grade.points) <= Decimal("0.001")
