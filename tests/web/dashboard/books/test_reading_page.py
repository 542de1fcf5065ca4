"""Reading progress on the dashboard: of all readers by page, and on the page of a participant."""

from __future__ import annotations

from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.operations.listings.summaries.reading_results import ReadingResults
from chalicelib.operations.shared.context import OPERATOR_ACTOR
from petri.study import Book, Chapter, End, Form, Page, Study, Timed, number
from tests.study.studies import OpenStudy, answer, due, open_study
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk
from tests.web.world import Person, World

__all__ = ["open_study"]


class Course(Study):
    """A chapter with a page and a question, and one with a test."""

    half = number("Half of 10?", right=5)
    third = number("A third of 9?", right=3)
    timeline = (
        Book(
            [
                Chapter("first", [Page("welcome"), Form("halves", ask="half", title="<Halves>")]),
                Chapter("second", [Timed(5, [Form("thirds", ask="third")], name="test")]),
            ],
            title="Shares",
        ),
        End(),
    )


def open_page(person: Person, path: str) -> None:
    person.world.post_json("/page/open", {"serial": due(person)["serial"], "path": path}, token=person.token)


def read_by_three(world: World) -> World:
    """One reader answers a question, one opens it, and one arrives at the contents."""
    for number_of_steps in range(3):
        person = world.arrive()
        due(person)
        if number_of_steps:
            open_page(person, "book/first/halves")
        if number_of_steps > 1:
            answer(person, half=5)
    return world


def results() -> ReadingResults:
    found: ReadingResults = run_operation(OPERATOR_ACTOR, "", "results.reading")
    return found


def test_each_page_has_the_share_of_readers_who_finished_it(open_study: OpenStudy) -> None:
    read_by_three(open_study(Course))
    found = results()
    assert (found.readers, found.has_books, found.is_partial) == (3, True, False)
    assert [(one.path, one.what, one.depth, one.opened, one.finished) for one in found.pages] == [
        ("book", "book", 0, 3, 0),
        ("book/first", "chapter", 1, 2, 0),
        ("book/first/welcome", "page", 2, 0, 0),
        ("book/first/halves", "page", 2, 2, 1),
        ("book/second", "chapter", 1, 0, 0),
        ("book/second/test", "test", 2, 0, 0),
        ("book/second/test/thirds", "page", 3, 0, 0),
    ]
    assert (found.pages[3].share_finished, found.pages[3].times_opened) == (0.3333, 1.0)


def test_the_page_shows_titles_and_shares_and_escapes_them(open_study: OpenStudy) -> None:
    page = DashboardBrowser(read_by_three(open_study(Course))).open("responses/reading")
    assert "3 readers" in page
    assert "&lt;Halves&gt;" in page
    assert "33 %" in page


def test_the_page_of_a_participant_lists_what_they_have_read(open_study: OpenStudy) -> None:
    browser = DashboardBrowser(read_by_three(open_study(Course)))
    assert "book/first/halves" in browser.open("participants/3")
    assert "book/first/halves" not in browser.open("participants/1")


def test_an_experiment_without_a_book_has_no_reading_progress(world: NewWorld) -> None:
    browser = DashboardBrowser(world(Talk))
    assert "No books" in browser.open("responses/reading")
    assert results().pages == []
