"""Grades: shares of points, attempts that count, ranges of right numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.study.items import (
    Grade,
    Item,
    about,
    between,
    categorise,
    check_answer,
    choice,
    choices,
    code,
    counted,
    fill_in,
    likert,
    match,
    number,
    order,
    otherwise,
    rating,
    score,
    slider,
    table,
    text,
    when,
)

ONE = Decimal(1)
RIGHT, WRONG = True, False


def graded(item: Item, raw: Any) -> Grade:
    return item.named("item").grade(check_answer(item.named("item"), raw))


def percent(item: Item, raw: Any) -> Decimal | None:
    return graded(item, raw).percent


ABCD = ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("raw", "share"),
    [(["a", "b"], 1), (["a"], 0.5), (["a", "c"], 0), (["a", "b", "c"], 0.5), (ABCD, 0), (["c"], 0)],
)
def test_a_wrong_option_takes_back_a_right_one(raw: list[str], share: float):
    item = choices("Which?", ABCD, right=["a", "b"], grading="percent", points=4)
    assert graded(item, raw) == Grade(share == 1, Decimal(str(share)), Decimal(str(4 * share)))


def test_all_or_nothing_gives_nothing_for_a_part():
    item = choices("Which?", ABCD, right=["a", "b"], points=4)
    assert graded(item, ["a"]) == Grade(correct=False, percent=Decimal(0), points=Decimal(0))
    assert graded(item, ["b", "a"]) == Grade(correct=True, percent=ONE, points=Decimal(4))


def test_any_of_several_right_options_is_right():
    item = choice("Which?", ABCD, right=["a", "b"])
    assert [graded(item, raw).correct for raw in ABCD] == [True, True, False, False]


def test_that_none_of_the_options_is_right_can_be_the_right_answer():
    item = choices("Which?", ABCD, right=[], least=0)
    assert graded(item, []).correct is True
    assert graded(item, ["a"]).correct is False


@pytest.mark.parametrize(
    ("right", "inside", "outside"),
    [
        (5, [5], [4, 6]),
        ([2, 4], [2, 4], [3]),
        (between(7, 9), [7, 8, 9], [6, 10]),
        ({"from": 7, "to": 9}, [7, 9], [6]),
        (about(5, 2), [3, 7], [2, 8]),
        ({"value": 5, "tolerance": 2}, [3, 7], [8]),
        ([1, between(3, 4)], [1, 3, 4], [2]),
    ],
)
def test_a_number_is_right_by_value_range_or_tolerance(right: Any, inside: list[int], outside: list[int]):
    for item in (number("How many?", right=right), slider("How many?", right=right)):
        assert [graded(item, raw).correct for raw in inside] == [True] * len(inside)
        assert [graded(item, raw).correct for raw in outside] == [False] * len(outside)


def test_decimals_are_compared_exactly():
    item = number("How much?", decimals=1, right=about("0.3", 0))
    assert graded(item, 0.3).correct is True
    assert graded(number("How much?", decimals=1, right=0.1 + 0.2), "0.3").correct is False


@pytest.mark.parametrize(
    "item", [likert("I like it.", 5, right=between(4, 5)), rating("Stars?", right=[4, 5])]
)
def test_a_step_is_right_by_range(item: Item):
    assert [graded(item, step).correct for step in range(1, 6)] == [False] * 3 + [True] * 2


@pytest.mark.parametrize("raw", ["Paris", " paris ", "PARIS", ["Paris", "la  grande"][0]])
def test_case_and_blanks_do_not_count_in_texts(raw: str):
    assert graded(text("Capital?", right=["Paris", "Lutetia"]), raw).correct is True


def test_a_pattern_says_which_texts_are_right():
    item = text("Colour?", right_pattern="gr[ae]y", right="silver")
    assert [graded(item, raw).correct for raw in ("grey", "gray", "silver", "red")] == [True] * 3 + [False]


CAPITALS = fill_in(
    "Complete this.",
    "___ is the capital of France, which has ___ million people.",
    [
        [
            when("Paris", feedback="Yes."),
            when(pattern="[Ll]yon.*", right=False, feedback="Close."),
            otherwise("Look it up."),
        ],
        [when(low=66, high=70), when(low=60, high=80, right=False, feedback="Nearly.")],
    ],
    grading="percent",
    points=2,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (["paris", "68"], Grade(correct=True, percent=ONE, points=Decimal(2), comment="Yes.")),
        (["Lyon!", "66,5"], Grade(WRONG, Decimal("0.5"), ONE, "Close.")),
        (["Lyon", "75"], Grade(WRONG, Decimal(0), Decimal(0), "Close.\nNearly.")),
        (["Rome", "many"], Grade(WRONG, Decimal(0), Decimal(0), "Look it up.")),
    ],
)
def test_the_first_rule_that_holds_for_a_blank_counts(raw: list[str], expected: Grade):
    assert graded(CAPITALS, raw) == expected


@pytest.mark.parametrize(
    ("raw", "share"),
    [(list("abcd"), "1"), (list("bacd"), "0.75"), (list("dcba"), "0.25"), (list("bcda"), "0.75")],
)
def test_an_order_gets_the_share_of_its_longest_part_in_the_right_order(raw: list[str], share: str):
    assert percent(order("Sort.", ABCD, right=True, grading="percent"), raw) == Decimal(share)


def test_a_right_order_can_differ_from_the_listed_one():
    item = order("Sort.", ABCD, right=list("dcba"))
    assert graded(item, list("dcba")).correct is True
    assert graded(item, ABCD).correct is False


def test_a_distractor_and_a_wrong_indentation_cost_points():
    lines = "if x:\n    a()\nb()"
    item = order("Sort.", lines, indentation=True, distractors=["c()"], right=True, grading="percent")
    right = [["if x:", 0], ["a()", 1], ["b()", 0]]
    assert graded(item, right).correct is True
    assert percent(item, [["if x:", 0], ["a()", 0], ["b()", 0]]) == Decimal("0.6667")
    assert percent(item, [*right, ["c()", 0]]) == Decimal("0.75")
    assert percent(item, right[:2]) == Decimal("0.6667")


def test_a_ranking_has_no_right_order():
    assert graded(order("Rank.", ABCD), ABCD).correct is None


def test_each_right_pair_gives_its_share():
    item = match("Which?", {"a": "1", "b": "2", "c": "3"}, extra=["4"], grading="percent")
    assert percent(item, {"a": "1", "b": "2", "c": "3"}) == 1
    assert percent(item, {"a": "1", "b": "3", "c": "2"}) == Decimal("0.3333")


def test_each_thing_in_its_bin_gives_its_share():
    item = categorise("Where?", {"animal": ["cat", "dog"], "plant": ["oak"]}, grading="percent")
    assert percent(item, {"cat": "animal", "dog": "plant", "oak": "plant"}) == Decimal("0.6667")


def test_a_table_is_graded_by_its_rows():
    item = table(
        "Which?", ["a", "b"], choice("", ["x", "y"]), right={"a": "x", "b": "y"}, grading="percent", points=2
    )
    assert graded(item, {"a": "x", "b": "x"}) == Grade(WRONG, Decimal("0.5"), ONE)
    assert graded(item, {"a": "x", "b": "y"}).correct is True


def test_a_right_answer_of_the_rows_item_holds_for_each_row():
    item = table("How many?", ["a", "b"], number("", right=3), grading="percent")
    assert percent(item, {"a": 3, "b": 4}) == Decimal("0.5")


def test_only_rows_with_a_right_answer_are_graded():
    item = table("Which?", ["a", "b"], choice("", ["x", "y"]), right={"a": "x"})
    assert graded(item, {"a": "x", "b": "x"}).correct is True


def test_the_grade_of_code_is_marked_as_the_clients():
    item = code("Write it.", [{"run": "f()", "expect": 1}, {"run": "g()", "expect": 2}], points=4)
    grade = graded(item, {"text": "x", "passed": 1, "failed": 1})
    assert (grade.correct, grade.percent, grade.points, grade.by) == (False, Decimal("0.5"), 2, "client")


def test_shares_of_points_have_four_decimals():
    item = match("Which?", {"a": "1", "b": "2", "c": "3"}, grading="percent", points=10)
    assert graded(item, {"a": "1", "b": "3", "c": "2"}).points == Decimal("3.333")


@pytest.mark.parametrize("item", [choice("Which?", ABCD, right="a"), number("How many?", right=1), CAPITALS])
def test_no_answer_is_a_wrong_answer(item: Item):
    grade = item.grade(None)
    assert (grade.correct, grade.percent, grade.points) == (False, 0, 0)


# Feedback.


def test_feedback_is_for_the_option_or_for_right_and_wrong():
    item = choice(
        "Which?", ABCD, right="a", feedback={"correct": "Well done.", "incorrect": "No.", "b": "Not b."}
    )
    assert [graded(item, raw).comment for raw in ("a", "b", "c")] == ["Well done.", "Not b.", "No."]


def test_feedback_can_be_one_text():
    assert graded(number("How many?", right=1, feedback="It is 1."), 5).comment == "It is 1."


def test_feedback_of_several_options_is_joined():
    item = choices("Which?", ABCD, right=["a"], feedback={"a": "A.", "b": "B."})
    assert graded(item, ["b", "a"]).comment == "A.\nB."


# Attempts.


def attempt(points: int | None, whole: int = 4) -> Grade:
    if points is None:
        return Grade()
    return Grade(points == whole, Decimal(points) / whole, Decimal(points), f"{points} of {whole}")


ATTEMPTS = [attempt(1), attempt(3), attempt(2)]


@pytest.mark.parametrize(
    ("rule", "expected"), [("first", ATTEMPTS[0]), ("last", ATTEMPTS[2]), ("best", ATTEMPTS[1])]
)
def test_the_attempt_that_counts_is_found(rule: str, expected: Grade):
    assert counted(ATTEMPTS, rule) == expected


def test_all_attempts_count_as_their_mean():
    assert counted(ATTEMPTS, "all") == Grade(WRONG, Decimal("0.5"), Decimal(2), "2 of 4")
    assert counted([attempt(4), attempt(4)], "all") == Grade(RIGHT, ONE, Decimal(4), "4 of 4")


@pytest.mark.parametrize("rule", ["first", "last", "best", "all"])
def test_without_attempts_nothing_counts(rule: str):
    assert counted([], rule) is None


@pytest.mark.parametrize("rule", ["best", "all"])
def test_an_ungraded_attempt_counts_only_alone(rule: str):
    assert counted([attempt(None), attempt(0)], rule) == attempt(0)
    assert counted([attempt(None)], rule) == Grade()


def test_the_earlier_of_two_equal_attempts_is_the_best():
    first, second = Grade(RIGHT, ONE, ONE, "first"), Grade(RIGHT, ONE, ONE, "second")
    assert counted([first, second], "best") is first


def test_counting_changes_nothing():
    attempts = tuple(ATTEMPTS)
    for rule in ("first", "last", "best", "all"):
        counted(attempts, rule)
    assert list(attempts) == ATTEMPTS


def test_the_score_is_the_sum_of_the_points():
    assert score([*ATTEMPTS, None, Grade()]) == 6
    assert score([]) == 0
