"""Grades of assignments: which attempt counts, late answers, exceptions, points given by hand, totals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.study.assignments.assignment_records import (
    GRACE_AFTER_DUE,
    ITEM,
    PAGE,
    TOTAL,
    AssignmentEntry,
    AssignmentTerms,
    ClassAssignment,
    DeadlineException,
    GivenPoints,
    PageRef,
    entries_asked,
    terms_of,
)
from chalicelib.study.assignments.grade_computation import (
    AnswerAttempt,
    AssignmentGrade,
    figures_of,
    grade_assignment,
    grade_entry,
    share_of_points,
    shown,
    total_of,
)

DUE = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)
ENTRY = AssignmentEntry(ITEM, "capital", Decimal(10))
COUNTS = ("first", "last", "best", "all")

shares = st.one_of(st.none(), st.integers(0, 10_000).map(lambda part: Decimal(part) / 10_000))
moments = st.integers(-7200, 7200).map(lambda seconds: DUE + timedelta(seconds=seconds))
attempts_in_order = st.lists(st.builds(AnswerAttempt, moments, shares), max_size=6).map(
    lambda found: sorted(found, key=lambda one: one.answered_at)
)
points = st.one_of(st.none(), st.integers(0, 10_000).map(lambda part: Decimal(part) / 100))


def terms(*, is_enforced: bool = False, due: datetime | None = DUE) -> AssignmentTerms:
    return AssignmentTerms(due, is_enforced, None, None)


def attempt(share: str | None, minutes: float = -60) -> AnswerAttempt:
    return AnswerAttempt(DUE + timedelta(minutes=minutes), None if share is None else Decimal(share))


def assignment(**fields: object) -> ClassAssignment:
    parts = [[ITEM, "capital", "10"], [PAGE, "essay", "5"]]
    return ClassAssignment(1, 1, "Homework", parts=parts, **fields)  # type: ignore[arg-type]


def grade(
    found: dict[str, list[AnswerAttempt]], by_hand: tuple[GivenPoints, ...] = (), **fields: object
) -> AssignmentGrade:
    return grade_assignment(assignment(**fields), found, terms(), {one.entry: one for one in by_hand})


@pytest.mark.parametrize(
    ("counts", "expected"), [("first", "2.5"), ("last", "5"), ("best", "7.5"), ("all", "5")]
)
def test_the_attempt_counts_that_the_assignment_says(counts: str, expected: str) -> None:
    found = [attempt("0.25"), attempt("0.75"), attempt("0.5")]
    assert grade_entry(ENTRY, found, terms(), counts).points == Decimal(expected)


@given(attempts_in_order)
def test_the_best_attempt_is_never_worse_than_what_another_rule_counts(found: list[AnswerAttempt]) -> None:
    by_rule = {counts: grade_entry(ENTRY, found, terms(), counts).points for counts in COUNTS}
    present = [each for each in by_rule.values() if each is not None]
    assert all(0 <= each <= ENTRY.points for each in present)
    assert not present or by_rule["best"] == max(present)
    assert (by_rule["best"] is None) == all(one.share is None for one in found)


@given(attempts_in_order, st.sampled_from(COUNTS), st.integers(0, 7200))
def test_answers_after_an_enforced_due_date_change_nothing(
    found: list[AnswerAttempt], counts: str, later: int
) -> None:
    enforced = terms(is_enforced=True)
    in_time = [one for one in found if one.answered_at < DUE + timedelta(seconds=GRACE_AFTER_DUE)]
    grade_in_time = grade_entry(ENTRY, in_time, enforced, counts)
    grade_of_all = grade_entry(ENTRY, found, enforced, counts)
    assert grade_of_all.points == grade_in_time.points
    assert (grade_of_all.attempts, grade_of_all.refused) == (len(in_time), len(found) - len(in_time))
    assert not grade_of_all.is_late
    moved = terms(is_enforced=True, due=DUE + timedelta(seconds=later))
    if counts == "best":
        # A later due date takes no points away.
        after, before = grade_entry(ENTRY, found, moved, counts).points, grade_of_all.points
        assert before is None or (after is not None and after >= before)


@given(attempts_in_order, st.sampled_from(COUNTS))
def test_a_due_date_that_is_not_enforced_marks_what_counts_as_late_and_takes_no_points(
    found: list[AnswerAttempt], counts: str
) -> None:
    with_due, without = (grade_entry(ENTRY, found, one, counts) for one in (terms(), terms(due=None)))
    assert with_due.points == without.points
    assert not without.is_late
    if all(not terms().is_late(one.answered_at) for one in found):
        assert not with_due.is_late
    if found and counts in ("first", "last"):
        counting = found[0 if counts == "first" else -1]
        assert with_due.is_late == terms().is_late(counting.answered_at)


def test_the_best_attempt_in_time_is_not_late_because_a_worse_one_followed() -> None:
    found = [attempt("0.75"), attempt("0.5", minutes=60)]
    assert not grade_entry(ENTRY, found, terms(), "best").is_late
    assert grade_entry(ENTRY, found, terms(), "all").is_late


def test_an_answer_that_was_under_way_at_the_due_date_is_in_time() -> None:
    on_its_way = DUE + timedelta(seconds=GRACE_AFTER_DUE - 0.1)
    assert not terms(is_enforced=True).is_closed(on_its_way)
    assert terms(is_enforced=True).is_closed(DUE + timedelta(seconds=GRACE_AFTER_DUE))


def test_an_exception_moves_what_it_names_and_leaves_the_rest() -> None:
    timed = assignment(due="2026-11-30T17:00:00Z", enforced=True, minutes=30.0)
    assert terms_of(timed) == AssignmentTerms(DUE, is_enforced=True, visible_from=None, seconds=1800.0)
    longer = DeadlineException(1, 1, "seat", factor="1.5")
    assert terms_of(timed, longer) == AssignmentTerms(
        DUE, is_enforced=True, visible_from=None, seconds=2700.0
    )
    later = DeadlineException(1, 1, "seat", due="2026-12-01T17:00:00Z", visible_from="2026-11-29T00:00:00Z")
    moved = terms_of(timed, later)
    assert (moved.due, moved.seconds) == (DUE + timedelta(days=1), 1800.0)
    assert not moved.is_visible(datetime(2026, 11, 28, tzinfo=UTC))
    assert moved.is_visible(DUE)


def test_blank_is_not_zero() -> None:
    assert grade({}).points is None
    found = grade({"item:capital": [attempt("0")]})
    assert (found.points, found.entries[1].points) == (Decimal(0), None)
    assert figures_of([None, Decimal(4), Decimal(0)]).mean == Decimal(2)
    assert figures_of([None]).count == 0


def test_points_given_by_hand_replace_what_the_rules_computed_and_a_total_replaces_their_sum() -> None:
    essay = GivenPoints(1, 1, "seat", "page:essay", "3.5", "Well argued")
    found = grade({"item:capital": [attempt("1")], "page:essay": [attempt(None)]}, (essay,))
    assert (found.points, found.waiting, found.entries[1].comment) == (Decimal("13.5"), 0, "Well argued")
    total = GivenPoints(1, 1, "seat", TOTAL, "12", "Agreed in the office hour")
    found = grade({"item:capital": [attempt("1")]}, (essay, total))
    assert (found.points, found.computed, found.is_given) == (Decimal(12), Decimal("13.5"), True)
    assert found.comment == "Agreed in the office hour"
    # A comment alone leaves the points as they were computed.
    only_comment = GivenPoints(1, 1, "seat", TOTAL, None, "Please see me")
    found = grade({"item:capital": [attempt("1")]}, (only_comment,))
    assert (found.points, found.is_given, found.comment) == (Decimal(10), False, "Please see me")


def test_an_answer_without_a_grade_waits_for_one() -> None:
    found = grade({"page:essay": [attempt(None)]})
    assert (found.waiting, found.points, found.is_done) == (1, None, False)


@pytest.mark.parametrize(("share", "is_done"), [("0.8", False), ("0.9", True), ("1", True)])
def test_the_threshold_says_when_an_assignment_is_done(share: str, is_done: bool) -> None:
    found = {"item:capital": [attempt(share)], "page:essay": [attempt("0")]}
    assert grade(found, threshold=60).is_done is is_done
    assert grade(found).is_done


@given(st.lists(st.tuples(points, st.integers(0, 5)), max_size=6))
def test_totals_leave_out_blanks_and_lie_between_the_grades(found: list[tuple[Decimal | None, int]]) -> None:
    grades = [
        (
            ClassAssignment(1, number, "A", weight=str(weight)),
            AssignmentGrade([], Decimal(100), one, one),
        )
        for number, (one, weight) in enumerate(found)
    ]
    present = [one for one, _ in found if one is not None]
    total, possible = total_of(grades, "sum")
    assert total == (sum(present, Decimal(0)) if present else None)
    assert possible == 100 * len(present)
    percent, _ = total_of(grades, "weighted")
    counting = [one for one, weight in found if one is not None and weight]
    assert (percent is None) == (not counting)
    assert percent is None or min(counting) <= percent + Decimal("0.0001")
    assert percent is None or percent <= max(counting) + Decimal("0.0001")
    assert total_of(list(reversed(grades)), "weighted")[0] == percent


def test_a_weighted_total_weighs_shares_not_points() -> None:
    small = ClassAssignment(1, 1, "Quiz", weight="1"), AssignmentGrade([], Decimal(4), Decimal(4), None)
    large = ClassAssignment(1, 2, "Exam", weight="3"), AssignmentGrade([], Decimal(50), Decimal(25), None)
    assert total_of([small, large], "weighted") == (Decimal("62.5"), Decimal(100))
    assert total_of([small, large], "sum") == (Decimal(29), Decimal(54))


@pytest.mark.parametrize(
    ("number", "text"),
    [("2.345", "2.35"), ("2.5", "2.5"), ("10", "10"), ("100.00", "100"), ("0.005", "0.01")],
)
def test_numbers_are_shown_rounded_half_up_without_trailing_zeros(number: str, text: str) -> None:
    assert shown(Decimal(number)) == text


@given(st.integers(0, 10_000), st.integers(1, 10_000))
def test_shares_are_rounded_once_and_half_up(part: int, whole: int) -> None:
    share = share_of_points(Decimal(part), Decimal(whole))
    assert share is not None
    assert abs(share * whole - part) <= Decimal(whole) / 20_000
    assert share_of_points(Decimal(0), Decimal(0)) is None


def test_a_page_belongs_to_an_assignment_by_its_name_or_by_its_items() -> None:
    entries = assignment().entries
    assert entries_asked(entries, PageRef("essay"), [])
    assert entries_asked(entries, PageRef("anywhere"), ["capital"])
    assert not entries_asked(entries, PageRef("capital"), ["essay"])
    assert PageRef("welcome", "book/rounds[2]/welcome").is_called("book/rounds/welcome")
    assert not PageRef("welcome", "book/intro/welcome").is_called("book/outro/welcome")
