"""Participants open the pages of a book in any order, come back to where they were, and finish it."""

from __future__ import annotations

from typing import Any

import pytest

from petri.study import Book, Chapter, End, Form, Page, Study, Timed, number
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, Said, World


class Course(Study):
    """Two chapters, with a question, a test and a page that only adults have."""

    age = number("How old are you?")
    one = number("1 + 1", right=2, points=1, count="best")
    two = number("2 + 2", right=4)
    three = number("3 + 3", right=6)
    timeline = (
        Form("about", ask="age"),
        Book(
            [
                Chapter(
                    "intro",
                    [Page("welcome"), Form("sum", ask="one", title="A sum")],
                    title="1 Introduction",
                ),
                Chapter(
                    "more",
                    [
                        Timed(1, [Form("first", ask="two"), Form("second", ask="three")], name="test"),
                        Page("adults", show_if="age >= 18"),
                    ],
                    title="2 More",
                ),
            ],
            title="Sums",
        ),
        Page("after"),
        End(),
    )


class OpenCourse(Study):
    """A book without an end."""

    timeline = (Book([Chapter("intro", [Page("welcome")])], can_finish=False),)


def opened(person: Person, path: str, serial: int | None = None) -> Said:
    serial = due(person)["serial"] if serial is None else serial
    return person.world.post_json("/page/open", {"serial": serial, "path": path}, token=person.token)


def finished(person: Person, serial: int | None = None) -> Said:
    serial = due(person)["serial"] if serial is None else serial
    return person.world.post_json("/page/finish", {"serial": serial}, token=person.token)


def read(person: Person, position: int, *, serial: int | None = None, end: bool = False) -> Said:
    body = {"serial": due(person)["serial"] if serial is None else serial, "position": position, "end": end}
    return person.world.post_json("/page/reading", body, token=person.token)


def kept(said: Said) -> tuple[Any, ...]:
    return said["kept"], said["finished"], said["progress"]


def reader(here: World, age: int = 30) -> Person:
    """Return a participant at the contents of the course."""
    person = here.arrive()
    assert answer(person, age=age)["path"] == "book/contents"
    return person


def readings(here: World) -> dict[str, dict[str, Any]]:
    return {one["path"]: one for one in here.items("reading")}


def test_a_book_begins_with_its_contents_and_goes_on_page_by_page(open_study: OpenStudy) -> None:
    person = reader(open_study(Course))
    page = due(person)
    assert (page["title"], page["button"], page["progress"]) == ("Sums", "Begin", 0.0)
    assert 'data-open="book/intro/welcome">welcome</a>' in page["html"]
    assert "A sum" in page["html"]
    assert "Test, time limit 1 min" in page["html"]
    assert [answer(person)["path"], answer(person)["path"], answer(person, one=2)["path"]] == [
        "book/intro/welcome",
        "book/intro/sum",
        "book/contents",
    ]


def test_the_clock_of_a_test_starts_when_it_is_opened_and_not_when_the_page_before_it_is_answered(
    open_study: OpenStudy,
) -> None:
    person = reader(open_study(Course))
    opened(person, "book/intro/welcome")
    answer(person)
    page = answer(person, one=2)
    assert (page["path"], page["seconds_left"], page["button"]) == (
        "book/contents",
        None,
        "Begin the test: Test",
    )
    assert answer(person)["path"] == "book/more/test/first"


def test_pages_are_opened_in_any_order(open_study: OpenStudy) -> None:
    person = reader(open_study(Course))
    page = opened(person, "book/more/adults")
    assert (page["path"], page["book"]["chapter"], page["book"]["next"]) == (
        "book/more/adults",
        "2 More",
        None,
    )
    assert page["book"]["previous"] == {
        "path": "book/more/test",
        "title": "Test (Test, time limit 1 min)",
    }
    assert opened(person, "book/intro")["path"] == "book/intro/welcome"
    assert opened(person, "book/more/test")["path"] == "book/more/test/first"


@pytest.mark.parametrize(
    "path", ["book/more/none", "after", "book", "book/more/test/second", "about", "", "book/more[1]/adults"]
)
def test_only_entries_of_the_book_can_be_opened(open_study: OpenStudy, path: str) -> None:
    person = reader(open_study(Course))
    said = opened(person, path)
    assert (said.status, said.code) == (404, "page_not_found")
    assert due(person)["path"] == "book/contents"


def test_a_page_whose_condition_does_not_hold_is_not_in_the_contents(open_study: OpenStudy) -> None:
    person = reader(open_study(Course), age=12)
    assert "book/more/adults" not in due(person)["html"]
    assert opened(person, "book/more/adults").status == 404


def test_an_old_serial_opens_nothing(open_study: OpenStudy) -> None:
    person = reader(open_study(Course))
    serial = due(person)["serial"]
    opened(person, "book/intro/sum")
    other_device = opened(person, "book/more/adults", serial)
    assert (other_device["stale"], other_device["path"]) == (True, "book/intro/sum")
    assert finished(person, serial)["stale"]


def test_nothing_is_opened_outside_of_a_book(open_study: OpenStudy) -> None:
    person = open_study(Course).arrive()
    assert (opened(person, "book/intro/sum").code, finished(person).code) == ("not_in_book",) * 2
    assert person.get("/page/contents").status == 409


def test_a_page_is_answered_again_and_each_answer_is_kept(open_study: OpenStudy) -> None:
    here = open_study(Course)
    person = reader(here)
    opened(person, "book/intro/sum")
    answer(person, one=2)
    page = opened(person, "book/intro/sum")
    assert page["book"]["note"].startswith("You have answered this page.")
    answer(person, one=3)
    attempts = [each for one in here.items("response") for each in one["answers"] if each["item"] == "one"]
    assert [(one["attempt"], one["correct"]) for one in attempts] == [(1, True), (2, False)]
    assert here.items("place")[0]["points"] == "1"


def test_a_test_cannot_be_left_or_taken_again(open_study: OpenStudy) -> None:
    here = open_study(Course)
    person = reader(here)
    page = opened(person, "book/more/test")
    assert (page["seconds_left"], page["book"]["is_test"]) == (60, True)
    here.clock.turn(seconds=20)
    assert (opened(person, "book/intro/sum").code, finished(person).code) == ("test_running",) * 2
    assert due(person)["seconds_left"] == 40
    answer(person, two=4)
    assert answer(person, three=6)["path"] == "book/more/adults"
    assert opened(person, "book/more/test").code == "page_not_found"
    assert opened(person, "book/intro/sum")["book"]["next"]["path"] == "book/more/adults"


def test_the_clock_of_a_test_runs_on_while_the_reader_is_away(open_study: OpenStudy) -> None:
    here = open_study(Course)
    person = reader(here)
    opened(person, "book/more/test")
    here.clock.turn(days=2)
    here.work()
    assert due(person)["path"] == "book/more/adults"
    assert readings(here)["book/more/test"]["finished_at"]


def test_pages_and_chapters_are_finished_when_they_are_answered_or_read_to_their_end(
    open_study: OpenStudy,
) -> None:
    here = open_study(Course)
    person = reader(here)
    opened(person, "book/intro/welcome")
    assert kept(read(person, 400)) == (True, False, 0.0)
    assert kept(read(person, 1000, end=True)) == (True, True, 0.25)
    opened(person, "book/intro/sum")
    assert not read(person, 1000, end=True)["finished"]
    assert not readings(here)["book/intro"].get("finished_at")
    answer(person, one=2)
    assert readings(here)["book/intro"]["finished_at"]
    page = opened(person, "book/contents")
    assert "2 of 4 pages finished" in page["html"]
    assert page["button"] == "Begin the test: Test"
    assert answer(person)["path"] == "book/more/test/first"


def test_another_device_goes_on_where_the_reader_was(open_study: OpenStudy) -> None:
    here = open_study(Course)
    person = reader(here)
    serial = opened(person, "book/intro/welcome")["serial"]
    read(person, 620)
    page = due(person)
    assert (page["path"], page["serial"], page["book"]["position"]) == ("book/intro/welcome", serial, 0.62)
    opened(person, "book/contents")
    assert not read(person, 10, serial=serial)["kept"]
    assert answer(person)["path"] == "book/intro/welcome"
    assert due(person)["book"]["position"] == 0.0


def test_a_book_is_finished_once_and_the_study_goes_on(open_study: OpenStudy) -> None:
    here = open_study(Course)
    person = reader(here)
    assert finished(person)["path"] == "after"
    assert opened(person, "book/intro/sum").code == "not_in_book"
    assert readings(here)["book"]["finished_at"]
    assert answer(person)["kind"] == "end"


class ShortCourse(Study):
    """A book of two pages."""

    timeline = (Book([Chapter("intro", [Page("welcome"), Page("more")])]), End())


def test_the_button_that_finishes_a_book_stands_out_once_all_pages_are_read(open_study: OpenStudy) -> None:
    person = open_study(ShortCourse).arrive()
    assert '<summary class="btn">' in due(person)["html"]
    for _ in range(3):
        page = answer(person)
    assert (page["path"], page["book"]["is_read"]) == ("book/contents", True)
    assert '<summary class="btn btn-primary">' in page["html"]


def test_the_contents_go_on_with_the_page_where_the_reader_was(open_study: OpenStudy) -> None:
    person = open_study(ShortCourse).arrive()
    opened(person, "book/intro/more")
    assert opened(person, "book/contents")["button"] == "Continue"
    assert answer(person)["path"] == "book/intro/more"


def test_a_book_that_stays_open_cannot_be_finished(open_study: OpenStudy) -> None:
    person = open_study(OpenCourse).arrive()
    assert "data-finish-book" not in due(person)["html"]
    assert (finished(person).status, finished(person).code) == (403, "book_stays_open")
    answer(person)
    page = answer(person)
    assert (page["path"], page["button"], page["book"]["is_read"]) == ("book/contents", None, True)


def test_a_reader_who_is_away_for_weeks_goes_on_reading(open_study: OpenStudy) -> None:
    here = open_study(Course, duration=1)
    person = reader(here)
    opened(person, "book/intro/sum")
    for _ in range(30):
        here.clock.turn(days=1)
        here.work()
    assert due(person)["path"] == "book/intro/sum"
    assert finished(person)["path"] == "after"
    here.clock.turn(minutes=30)
    here.work()
    assert person.now()["status"] == "working"
    here.clock.turn(days=2)
    here.work()
    assert person.now()["status"] != "working"


def test_the_contents_are_a_navigation_that_names_the_page_and_what_is_read(open_study: OpenStudy) -> None:
    person = reader(open_study(Course))
    opened(person, "book/intro/welcome")
    read(person, 1000, end=True)
    html = person.get("/page/contents")["html"]
    assert html.startswith('<nav class="book-contents" aria-label="Contents">')
    assert 'data-open="book/intro/welcome" aria-current="page"' in html
    assert '<span class="book-mark" data-mark="finished">Finished</span>' in html


@pytest.mark.parametrize("path", ["open", "finish", "reading"])
def test_nothing_in_a_book_is_changed_without_a_token(open_study: OpenStudy, path: str) -> None:
    here = open_study(Course)
    serial = due(reader(here))["serial"]
    with here.unchanged():
        body = {"serial": serial, "path": "book/intro/sum", "position": 1}
        assert here.post_json(f"/page/{path}", body).status == 401
    assert here.get("/page/contents").status == 401
