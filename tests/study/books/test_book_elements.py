"""What a Book may contain, where it may be, and how a participant moves along it without navigating."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import ExperimentError
from chalicelib.study.elements import Element
from chalicelib.study.plan import TimelinePlan, parse_path, write_path
from petri.study import (
    Book,
    Branch,
    Chapter,
    Chat,
    Form,
    Group,
    Hosted,
    Page,
    Part,
    Rounds,
    Session,
    Study,
    Timed,
    Wait,
    days,
    number,
)
from tests.study.studies import compiled

TWO_CHAPTERS = Book(
    [
        Chapter("intro", [Form("welcome"), Timed(5, [Form("sum", ask="one")], name="test")]),
        Chapter("more", [Form("last")]),
    ],
    title="Sums",
)


def problems_of(*timeline: Element) -> str:
    """Return what is wrong with a study of this timeline."""

    class Reading(Study):
        one = number("1 + 1", right=2)

    Reading.timeline = timeline
    try:
        Reading.use_pages(compiled({}))
    except ExperimentError as error:
        return str(error)
    return ""


class TakesAll:
    """Decides that every step is taken."""

    def applies(self, step: Any, path: Any) -> bool:
        return True

    def order(self, step: Any, path: Any) -> list[int]:
        return list(range(len(step.steps)))


def test_pages_are_placed_below_their_book_and_chapter() -> None:
    plan = TimelinePlan([TWO_CHAPTERS])
    pages = [path for path, step in plan.steps() if step.element.is_stop]
    assert pages == ["book/contents", "book/intro/welcome", "book/intro/test/sum", "book/more/last"]
    path, book = plan.book_around(parse_path("book/intro/test/sum")) or ((), None)
    assert (write_path(path), book) == ("book", TWO_CHAPTERS)
    assert plan.book_around(parse_path("book")) is None


def test_the_contents_follow_the_last_page_until_the_book_is_left() -> None:
    plan = TimelinePlan([TWO_CHAPTERS, Form("after")])
    decisions: Any = TakesAll()
    path, passed = plan.first(decisions), []
    while path is not None and len(passed) < 5:
        passed.append(write_path(path))
        path = plan.after(path, decisions)
    assert passed == [
        "book/contents",
        "book/intro/welcome",
        "book/intro/test/sum",
        "book/more/last",
        "book/contents",
    ]
    assert plan.behind(parse_path("book"), decisions) == parse_path("after")


def test_a_book_in_a_part_or_a_branch_is_accepted() -> None:
    assert problems_of(Part("course", [TWO_CHAPTERS])) == ""
    assert problems_of(Branch("True", [TWO_CHAPTERS]), Form("after")) == ""


@pytest.mark.parametrize(
    ("element", "problem"),
    [
        (Group(2), "contains Group 'group', which isn't for one reader alone; move it out of the Book."),
        (Wait(), "contains Wait 'wait', which isn't for one reader alone"),
        (Chat("talk"), "contains Chat 'talk', which isn't for one reader alone"),
        (Session("two", after=days(1), open_for=days(1)), "contains Session 'two', which isn't for one"),
        (Hosted([Form("q")]), "contains Hosted 'hosted', which isn't for one reader alone"),
        (Rounds(2, [Form("q")]), "contains Rounds 'rounds'; list pages in a Chapter, and Timed with pages."),
        (Form("q", seconds=9), "contains Form 'q' with a time limit, which opening it again would reset"),
        (Form("q", role="teacher"), "contains Form 'q' for a role; readers of a book have none."),
        (Timed(1, [Part("p", [Wait()])]), "contains Wait 'wait' inside Timed; move it out of the Book."),
        (Form("a"), "has two elements 'a'; give each a name of its own."),
    ],
)
def test_what_a_reader_cannot_open_alone_is_refused_in_a_chapter(element: Element, problem: str) -> None:
    assert f"Chapter 'one' {problem}" in problems_of(Book([Chapter("one", [Form("a"), element])]))


@pytest.mark.parametrize(
    ("timeline", "problem"),
    [
        ([Book([])], "Book 'book' has no chapters; list them"),
        ([Book([Form("a")])], "Book 'book' contains Form 'a'; put it into a Chapter."),
        ([Book([Chapter("one", [])])], "Chapter 'one' has no pages; list them after its name."),
        ([Book([Chapter("contents", [Form("a")])])], "a chapter 'contents', the name of its contents"),
        ([Book([Chapter("x", [Form("a")]), Chapter("x", [Form("b")])])], "has two elements 'x'"),
        ([Chapter("one", [Form("a")])], "Chapter 'one' isn't in a Book; write Book([Chapter(...), ...])."),
        ([Rounds(2, [TWO_CHAPTERS])], "Book 'rounds/book' is inside Rounds 'rounds'; move it out."),
        ([Timed(9, [TWO_CHAPTERS])], "Book 'timed/book' is inside Timed 'timed'; move it out."),
        (
            [Hosted([Book([Chapter("one", [Form("a")])])])],
            "Book 'hosted/book' is inside Hosted 'hosted'; move it out.",
        ),
        (
            [Book([Chapter("one", [Form("a")])], can_finish=False), Form("after")],
            "'after' comes after Book 'book', which participants can't leave: it has can_finish=False.",
        ),
        ([Book([Chapter("one", [Page("missing")])])], "Page 'book/one/missing' has no file"),
    ],
)
def test_a_book_in_the_wrong_place_is_refused(timeline: list[Element], problem: str) -> None:
    assert problem in problems_of(*timeline)
