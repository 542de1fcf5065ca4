"""What each kind accepts, what it stores, and what it says about a bad answer."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.study.items import (
    AnswerError,
    Item,
    OtherAnswer,
    area,
    categorise,
    check_answer,
    choice,
    choices,
    code,
    consent,
    date,
    display,
    email,
    fill_in,
    likert,
    match,
    number,
    order,
    range_,
    rating,
    slider,
    table,
    text,
    time,
    upload,
)

ABC = {"a": "A", "b": "B", "c": "C"}
FILE = {"reference": "up/f3", "size": 5, "sha256": "0" * 64, "type": "image/png"}
RECT = {"label": "Here", "rect": [0, 0, 5, 5]}
FACE = area("Where?", "face.png", {"a": RECT, "b": RECT}, size=[80, 60], alt="A face")
TICKED = True
TESTS = [{"run": "f()", "expect": 1}]

ACCEPTED: list[tuple[Item, Any, Any, Any]] = [
    (choice("?", ABC), "a", "a", "a"),
    (choice("?", ABC, other=True), {"key": "other", "text": " d "}, {"key": "other", "text": "d"}, "other"),
    (choice("?", style="yes_no"), "no", "no", "no"),
    (choices("?", ABC), ["c", "a"], ["a", "c"], ["a", "c"]),
    (choices("?", ABC, least=0), [], [], []),
    (text("?"), "a <b>\u00a0", "a <b>\u00a0", "a <b>\u00a0"),
    (text("?", long=True), "a\r\nb\tc\u2028d", "a\nb\tc\nd", "a\nb\tc\nd"),
    (text("?"), "e\u0301", "é", "é"),
    (
        email("?"),
        " Ann.O'Neil+x@mail.example.org ",
        "Ann.O'Neil+x@mail.example.org",
        "Ann.O'Neil+x@mail.example.org",
    ),
    (number("?"), 5, 5, 5),
    (number("?"), "5", 5, 5),
    (number("?"), " +5 ", 5, 5),
    (number("?"), 5.0, 5, 5),
    (number("?"), "\u22125", -5, -5),
    (number("?"), "٤٢", 42, 42),
    (number("?"), -0.0, 0, 0),
    (number("?", decimals=2), 0.1, "0.10", Decimal("0.10")),
    (number("?", decimals=2), "1,5", "1.50", Decimal("1.5")),
    (number("?", step="0.25"), "1.75", "1.75", Decimal("1.75")),
    (number("?", minimum=1, step=3), 7, 7, 7),
    (slider("?"), "100", 100, 100),
    (range_("?", maximum=10), 0, 0, 0),
    (likert("?"), "5", 5, 5),
    (rating("?", 3), 1, 1, 1),
    (date("?"), "2024-02-29", "2024-02-29", dt.date(2024, 2, 29)),
    (time("?"), "07:05", "07:05", dt.time(7, 5)),
    (time("?"), "07:05:00", "07:05", dt.time(7, 5)),
    (time("?", seconds=True), "07:05:09", "07:05:09", dt.time(7, 5, 9)),
    (fill_in("?", "___ and ___", ["a", "b"]), [" x ", 5], ["x", "5"], ["x", "5"]),
    (order("?", ABC), ["c", "a", "b"], ["c", "a", "b"], ["c", "a", "b"]),
    (
        order("?", ABC, indentation=True),
        [["c", "2"], "a", ["b", 0]],
        [["c", 2], ["a", 0], ["b", 0]],
        [("c", 2), ("a", 0), ("b", 0)],
    ),
    (order("?", ABC, distractors=["d"], right=True), ["d"], ["d"], ["d"]),
    (match("?", {"a": "1", "b": "2"}), {"b": "1", "a": "2"}, {"a": "2", "b": "1"}, {"a": "2", "b": "1"}),
    (categorise("?", ["x", "y"], things=["a"]), {"a": "y"}, {"a": "y"}, {"a": "y"}),
    (FACE, ["b"], ["b"], "b"),
    (FACE, "b", ["b"], "b"),
    (replace(FACE, most=2), ["b", "a"], ["a", "b"], ["a", "b"]),
    (table("?", ABC, number("", required=False)), {"a": 1, "b": ""}, {"a": 1}, {"a": 1}),
    (table("?", ["x"], number("", decimals=1)), {"x": "1.5"}, {"x": "1.5"}, {"x": Decimal("1.5")}),
    (display("?"), True, True, True),
    (code("?", TESTS), {"text": "f", "passed": 1}, {"text": "f", "passed": 1, "failed": 0, "runs": []}, "f"),
    (upload("?"), FILE, FILE, FILE),
]

REFUSED: list[tuple[Item, Any, str]] = [
    (choice("?", ABC), "d", "one of the options"),
    (choice("?", ABC), 1, "one of the options"),
    (choice("?", ABC), True, "one of the options"),
    (choice("?", ABC), ["a"], "one of the options"),
    (choice("?", ABC), {"key": "other", "text": "x"}, "one of the options"),
    (choice("?", ABC, other=True), "other", "what you mean"),
    (choice("?", ABC, other=True), {"key": "other", "text": " "}, "what you mean"),
    (choice("?", ABC, other=True), {"key": "a", "text": "x"}, "one of the options"),
    (choice("?", ABC, other=True), {"key": "other", "text": "x", "more": 1}, "one of the options"),
    (choice("?", ABC, other=True), {"key": "other", "text": "x" * 1001}, "1001 characters"),
    (choices("?", ABC), "a", "one or more"),
    (choices("?", ABC), ["a", "a"], "once only"),
    (choices("?", ABC), ["d"] * 10_000, "once only"),
    (order("?", ABC), ["d"] * 10_000, "each piece once"),
    (choices("?", ABC, least=2), ["a"], "at least 2"),
    (choices("?", ABC, most=1), ["a", "b"], "1 at most"),
    (choices("?", ["a", {"key": "none", "alone": True}]), ["a", "none"], "excludes the others"),
    (text("?"), 5, "must be a text"),
    (text("?"), "a\nb", "one line"),
    (text("?"), "a\x07", "can't be stored"),
    (text("?"), "x" * 5001, "5001 characters; 5000 are allowed"),
    (text("?", min_length=3), "ab", "at least 3"),
    (text("?", pattern="[a-z]+"), "A", "expected form"),
    (text("?", pattern="[a-z]+", pattern_help="Small letters."), "A", "Small letters."),
    (email("?"), "ann@example", "email address"),
    (email("?"), "@example.org", "email address"),
    (email("?"), "a..b@example.org", "email address"),
    (email("?"), "a@-example.org", "email address"),
    (email("?"), "a b@example.org", "email address"),
    (email("?"), "Ann <a@example.org>", "email address"),
    (number("?"), "five", "must be a number"),
    (number("?"), "1e5", "must be a number"),
    (number("?"), "1 000", "must be a number"),
    (number("?"), "1,000", "with a point"),
    (number("?", decimals=3), "1,000", "with a point"),
    (number("?"), True, "must be a number"),
    (number("?"), [5], "must be a number"),
    (number("?"), 5.5, "whole number"),
    (number("?", decimals=2), "0.123", "2 decimal places"),
    (number("?", minimum=1), 0, "1 at least"),
    (number("?", maximum="2.5", decimals=1), "2.6", "2.5 at most"),
    (number("?", step=5), 7, "multiple of 5"),
    (number("?", minimum=1, step=3), 6, "steps of 3 from 1"),
    (number("?"), 10**15, "too many digits"),
    (number("?"), 1e300, "too many digits"),
    (slider("?"), 101, "100 at most"),
    (range_("?", maximum=10), -1, "0 at least"),
    (likert("?"), 6, "from 1 to 5"),
    (rating("?", 3), 0, "from 1 to 3"),
    (date("?"), "2023-02-29", "Write a date"),
    (date("?"), "20240229", "Write a date"),
    (date("?"), "2024-2-9", "Write a date"),
    (date("?"), 20240229, "Write a date"),
    (date("?", minimum="2024-01-01"), "2023-12-31", "2024-01-01 or later"),
    (date("?", maximum=dt.date(2024, 1, 1)), "2024-01-02", "2024-01-01 or earlier"),
    (time("?"), "24:00", "Write a time"),
    (time("?"), "7:05", "Write a time"),
    (time("?"), "07:05:09", "Write a time"),
    (time("?", minimum="08:00"), "07:59", "08:00 or later"),
    (fill_in("?", "___ and ___", ["a", "b"]), ["x"], "expected form"),
    (fill_in("?", "___ and ___", ["a", "b"]), ["x", ""], "Fill in blank 2"),
    (fill_in("?", "___ and ___", ["a", "b"]), ["x", "y" * 201], "201 characters"),
    (fill_in("?", "___ and ___", ["a", "b"]), ["x", {"y": 1}], "must be a text"),
    (order("?", ABC), ["a", "b"], "each piece a place"),
    (order("?", ABC), ["a", "b", "b"], "each piece once"),
    (order("?", ABC), ["a", "b", "d"], "does not belong"),
    (order("?", ABC), [["a", 1], "b", "c"], "does not belong"),
    (order("?", ABC, indentation=True), [["a", 9], "b", "c"], "4 at most"),
    (match("?", {"a": "1", "b": "2"}), {"a": "1"}, "each of the 2 rows"),
    (match("?", {"a": "1", "b": "2"}), {"a": "1", "b": "1"}, "used once"),
    (match("?", {"a": "1", "b": "2"}), {"a": "1", "b": "3"}, "one of the options"),
    (match("?", {"a": "1", "b": "2"}), {"a": "1", "z": "2"}, "expected form"),
    (categorise("?", ["x"], things=["a", "b"]), {"a": "x"}, "each of the 2 rows"),
    (FACE, ["a", "b"], "1 at most"),
    (FACE, ["z"], "one of the options"),
    (table("?", ABC, number("")), {"a": 1, "b": 2}, "C: Please answer this question."),
    (table("?", ABC, number("", maximum=3)), {"a": 1, "b": 2, "c": 4}, "C: The number must be 3 at most."),
    (table("?", ABC, number("")), {"a": 1, "z": 2}, "does not have"),
    (table("?", ABC, number("")), [1, 2, 3], "expected form"),
    (consent("I agree."), False, "Please answer"),
    (consent("I agree."), "yes", "Tick the box"),
    (consent("I agree."), {"agreed": False}, "Tick the box"),
    (display("?"), "seen", "expected form"),
    (code("?", TESTS), {"text": "f", "passed": 2}, "Run the tests again"),
    (code("?", TESTS), {"text": "f", "passed": -1, "failed": 2}, "expected form"),
    (code("?", TESTS), {"text": "f", "runs": [{}] * 51}, "expected form"),
    (code("?", TESTS), {"text": "f", "runs": [{"stolen": 1}]}, "expected form"),
    (code("?", TESTS), {"text": "x" * 10_001}, "10001 characters"),
    (upload("?"), "up/f3", "not sent completely"),
    (upload("?"), {**FILE, "reference": "../secret"}, "not sent completely"),
    (upload("?"), {**FILE, "reference": "a/../b"}, "not sent completely"),
    (upload("?"), {**FILE, "reference": "https://example.org/x"}, "not sent completely"),
    (upload("?"), {**FILE, "sha256": "0" * 63}, "not sent completely"),
    (upload("?"), {**FILE, "size": 0}, "not sent completely"),
    (upload("?"), {**FILE, "name": "ann.png"}, "not sent completely"),
    (upload("?", max_megabytes=1), {**FILE, "size": 1_000_001}, "larger than 1 MB"),
    (upload("?", accept=["audio/*"]), FILE, "not accepted"),
    (upload("?", source="drawing"), {**FILE, "type": "image/svg+xml"}, "not accepted"),
]


def _id(case: Any) -> str | None:
    return case.kind if isinstance(case, Item) else None


@pytest.mark.parametrize(("item_", "raw", "stored", "value"), ACCEPTED, ids=_id)
def test_a_good_answer_is_stored_and_read_with_its_type(item_: Item, raw: Any, stored: Any, value: Any):
    item = item_.named("item")
    assert check_answer(item, raw) == stored
    assert item.value(stored) == value
    assert type(item.value(stored)) is type(value) or isinstance(item.value(stored), OtherAnswer)


@pytest.mark.parametrize(("item_", "raw", "said"), REFUSED, ids=_id)
def test_a_bad_answer_is_refused_with_a_sentence(item_: Item, raw: Any, said: str):
    with pytest.raises(AnswerError) as caught:
        check_answer(item_.named("item"), raw)
    assert said in str(caught.value)


def test_what_was_written_as_another_answer_is_kept():
    item = choices("Which?", ABC, other=True)
    value = item.value(check_answer(item, ["a", {"key": "other", "text": "grey"}]))
    assert value == ["a", "other"]
    assert value[1].text == "grey"


def test_a_consent_keeps_the_hash_of_the_text():
    item = consent("I agree.", "You will see pictures.")
    stored = check_answer(item, TICKED)
    expected = hashlib.sha256(b"You will see pictures.\nI agree.").hexdigest()
    assert stored == {"agreed": True, "sha256": expected}
    assert item.value(stored) is True
    assert item.codebook()["sha256"] == expected


def test_a_table_without_rows_needs_no_answer():
    item = table("How much do you trust them?", {}, number(""))
    for raw in (None, {}, ""):
        assert check_answer(item, raw) == {}


def test_the_runs_of_a_program_are_kept():
    item = code("Write f.", TESTS)
    run = {"text": "f", "passed": 0, "failed": 1, "error": "f is not defined", "seconds": 3.4}
    stored = check_answer(item, {"text": "f = 1", "passed": 1, "failed": 0, "runs": [run]})
    assert stored["runs"] == [{**run, "seconds": 3}]


def test_an_answer_of_more_than_64_kilobytes_is_refused():
    item = code("Write f.", TESTS)
    run = {"text": "x" * 9_000}
    with pytest.raises(AnswerError, match="64 KB"):
        check_answer(item, {"text": "x", "runs": [run] * 8})


def test_an_error_is_translated_with_its_values():
    with pytest.raises(AnswerError) as caught:
        check_answer(table("?", ABC, number("", maximum=3)).named("grid"), {"a": 4, "b": 1, "c": 1})
    error = caught.value
    german = {"The number must be {maximum} at most.": "Die Zahl darf höchstens {maximum} sein."}
    assert error.text(lambda text: german[text]) == "A: Die Zahl darf höchstens 3 sein."
    assert error.where == "A"


def test_what_a_participant_wrote_fills_no_gap_of_a_sentence():
    error = AnswerError("{first} and {second}", first="{second}", second="x")
    assert str(error) == "{second} and x"
