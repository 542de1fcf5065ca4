"""The page of items: each kind has a section whose examples make the same item, and whose tables are true."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import fields, replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from chalicelib.study.items import AnswerError, Frame, Grade, Item, check_answer, kinds
from chalicelib.study.items.item import built_in_kinds
from infra.pages.page_compiler import PageSource, compile_page
from tests.docs.blocks import DOCS, blocks, section
from tests.study.studies import OpenStudy, answer, due

PAGE = DOCS / "items.md"
OWN = sorted(built_in_kinds())
COMMON = {each.name for each in fields(Item)}
_TABLE = re.compile(r"^\| (?P<head>\w[^\n]*) \|\n\|[-|]+\|\n(?P<rows>(?:\|[^\n]*\n)+)", re.MULTILINE)


def tables(kind: str) -> dict[str, list[list[str]]]:
    """Return the rows of a section's tables, by the word at the head of their first column."""
    found = _TABLE.finditer(section(PAGE, kind) + "\n")
    return {
        table["head"].split(" | ")[0]: [line[2:-2].split(" | ") for line in table["rows"].splitlines()]
        for table in found
    }


def example(kind: str, language: str) -> str:
    text = section(PAGE, kind)
    found = [each for each in blocks(PAGE) if each.language == language and each.text in text]
    return next(each.text for each in found if each.what != "study")


def item_in_python(kind: str) -> Item:
    names: dict[str, Any] = {}
    exec(compile(example(kind, "python"), "example", "exec"), names)  # noqa: S102 - our own document
    (made,) = [(name, each) for name, each in names.items() if isinstance(each, Item)]
    return made[1].named(made[0])


def item_in_page(kind: str) -> Item:
    page, problems = compile_page(PageSource("page", "", "page.md", example(kind, "markdown")))
    assert page is not None, problems
    (made,) = page.items
    return kinds()[made.kind].from_yaml(made.prompt, made.body, made.name)


def in_code(cell: str) -> str:
    assert re.fullmatch("`[^`]+`", cell), cell
    return cell[1:-1]


def graded_as(grade: Grade) -> str:
    """Return a grade in the words of the page."""
    if grade.percent is None:
        return "not graded"
    if grade.correct:
        return "right"
    return f"{100 * grade.percent:.2f}".rstrip("0").rstrip(".") + "%" if grade.percent else "wrong"


def test_each_kind_has_its_section_and_no_other_has():
    headings = set(re.findall(r"^## (\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert headings - {"Grading"} == set(OWN)


@pytest.mark.parametrize("kind", OWN)
def test_the_example_of_a_kind_is_right(kind: str):
    item = item_in_python(kind)
    assert item.kind == kind
    assert item.problems() == []
    assert item.name in item.render(Frame())
    check_answer(item, item.bot_answer(Random(1)))


@pytest.mark.parametrize("kind", OWN)
def test_the_directive_makes_the_same_item_as_python(kind: str):
    shown, made = item_in_python(kind), item_in_page(kind)
    assert (made.kind, made.name, made.prompt) == (shown.kind, shown.name, shown.prompt)
    assert made.problems() == []
    assert json.dumps(made.public(), default=str) == json.dumps(shown.public(), default=str)
    assert made.codebook() == shown.codebook()
    stored = check_answer(shown, shown.bot_answer(Random(7)))
    assert made.grade(stored) == shown.grade(stored)


@pytest.mark.parametrize("kind", OWN)
def test_every_argument_of_a_kind_is_explained(kind: str):
    own = {each.name for each in fields(kinds()[kind])} - COMMON
    told = {name for row in tables(kind).get("argument", []) for name in re.findall(r"`(\w+)`", row[0])}
    assert told == own - ({"options", "other"} if kind == "area" else set())


@pytest.mark.parametrize("kind", OWN)
def test_an_answer_is_stored_read_and_graded_as_the_page_says(kind: str):
    item = item_in_python(kind)
    rows = tables(kind)["sent"]
    assert rows
    for sent, stored, value, grade in rows:
        kept = check_answer(item, json.loads(in_code(sent)))
        assert kept == json.loads(in_code(stored))
        if value == "no answer":
            assert kept is None
            continue
        expected = eval(in_code(value), {"datetime": dt, "Decimal": Decimal})  # noqa: S307 - our own document
        assert item.value(kept) == expected
        assert repr(item.value(kept)) == in_code(value)
        assert graded_as(item.grade(kept)) == grade


@pytest.mark.parametrize("kind", OWN)
def test_a_bad_answer_is_refused_as_the_page_says(kind: str):
    item = item_in_python(kind)
    rows = tables(kind)["refused"]
    assert rows
    for sent, message in rows:
        with pytest.raises(AnswerError) as caught:
            check_answer(replace(item), json.loads(in_code(sent)))
        assert str(caught.value) == message


def test_what_every_item_takes_is_explained():
    text = section(PAGE, "What every item takes")
    told = {
        name
        for row in re.findall(r"^\| (.*?) \|", text, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert told == COMMON


def test_the_ways_of_grading_are_explained():
    from chalicelib.study.items.grading import COUNTS, FEEDBACK_TIMES, GRADINGS

    told = set(re.findall(r"`(\w+)`", section(PAGE, "Grading")))
    assert {*GRADINGS, *COUNTS, *FEEDBACK_TIMES} <= told


def test_a_page_shows_the_counts_of_a_poll(open_study: OpenStudy):
    names: dict[str, Any] = {}
    (shown,) = [each.text for each in blocks(PAGE) if each.what == "study"]
    exec(compile(shown, "example", "exec", dont_inherit=True), names)  # noqa: S102 - our own document
    here = open_study(names["Lunch"], {"results": "{{ counts }}"}, initial_recruitment_size=2)
    one, other = here.arrive(), here.arrive()
    due(one)
    due(other)
    here.work()
    answer(one, lunch="Salad")
    html = answer(other, lunch="Salad")["html"]
    assert "<td>2 (100%)</td>" in html
    assert due(one)["html"] == html
