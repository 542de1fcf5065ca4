"""Assignments and the gradebook on the dashboard: forms, exceptions, release, the grid, the table."""

from __future__ import annotations

import csv
import io
import re

import pytest
from openpyxl import load_workbook

from chalicelib.operations.classes.class_records import read_member, store_member
from chalicelib.operations.shared.context import Context
from petri.study import End, Form, Page, Study, choice, number, text
from tests.study.assignments.classroom import Classroom
from tests.study.contract.players import Player, Table
from tests.study.studies import OpenStudy, open_study
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.world import Said

__all__ = ["open_study"]


class Course(Study):
    """Two pages with questions, and one to read."""

    capital = choice("Capital of <France>?", ["Paris", "Lyon"], right="Paris")
    half = number("=Half of ten?", right=5, points=3)
    essay = text("Why?", grading="manual", points=4)
    timeline = (
        Form("first", ask=["capital", "half"]),
        Form("essay", ask="essay"),
        Page("reading"),
        End(),
    )


class Desk:
    """A class and an instructor's browser."""

    def __init__(self, browser: DashboardBrowser) -> None:
        self.browser = browser
        here = browser.here
        self.room = Classroom(Table(here.app, here.engine, here.clock))

    def open(self, end: str, **query: str) -> str:
        return self.browser.open(f"classes/1/{end}", **query)

    def press(self, action: str, **fields: str) -> Said:
        return self.browser.press(f"classes/1/{action}", [*fields.items()])

    def set_one(self, **fields: str) -> Said:
        given = {"sent": "assignment", "name": "Homework", "counts": "best", "grading": "rule"}
        return self.press("create-assignment", **{**given, **fields})

    def table(self) -> list[list[str]]:
        said = self.browser.here.get("/dashboard/classes/1/gradebook.csv", headers=self.browser.headers)
        assert said.headers["content-type"].startswith("text/csv")
        return list(csv.reader(io.StringIO(said.raw.decode())))

    def member(self, name: str, email: str = "") -> Player:
        player = self.room.enter(name)

        def add_email(ctx: Context) -> None:
            member = read_member(ctx, self.room.number, self.room.seats[player.id])
            member.email = email
            store_member(ctx, member)

        self.room.operate(add_email)
        return player


@pytest.fixture
def desk(open_study: OpenStudy) -> Desk:
    return Desk(DashboardBrowser(open_study(Course)))


EVERYTHING = {
    "name": "Week 1 <b>",
    "points item capital": "10",
    "points page reading": "2,5",
    "due": "2026-12-01T18:00",
    "visible_from": "2026-11-01T08:00",
    "enforced": "on",
    "feedback": "on",
    "minutes": "45",
    "threshold": "60",
    "counts": "last",
    "grading": "hand",
    "weight": "2",
}


def test_the_form_sets_everything_and_shows_it_again(desk: Desk) -> None:
    assert "No assignments" in desk.open("assignments")
    form = desk.open("assignments", new="yes")
    assert "Capital of &lt;France&gt;?" in form
    assert 'name="points page first"' in form
    said = desk.set_one(**EVERYTHING)
    assert (said.status, said.headers["location"]) == (
        303,
        "/dashboard/classes/1/assignments?done=created#a1-1",
    )
    listed = desk.open("assignments", done="created")
    assert "Week 1 &lt;b&gt;" in listed
    assert "2026-12-01 18:00" in listed
    [stored] = desk.browser.here.items("class_assignment")
    assert (stored["due"], stored["parts"]) == (
        "2026-12-01T17:00:00.000000Z",
        [["item", "capital", "10"], ["page", "reading", "2.5"]],
    )
    form = desk.open("assignments", assignment="1-1")
    for shown in ('value="2026-12-01T18:00"', 'value="45"', 'value="60"', '<option value="hand" selected'):
        assert shown in form
    # Sent again as it is shown, it stays as it is.
    fields = dict(re.findall(r'<input[^>]*name="([^"]+)" value="([^"]*)"', form)) | EVERYTHING
    sent = {name: text for name, text in fields.items() if name not in ("csrf", "form", "seat", "assignment")}
    assert desk.press("change-assignment", **sent, assignment="1-1").status == 303
    [again] = desk.browser.here.items("class_assignment")
    assert {**again, "v": 0} == {**stored, "v": 0}


@pytest.mark.parametrize("due", ["2026-10-25T02:30:00+01:00", "2026-12-01T23:59:59"])
def test_a_due_date_that_is_not_edited_stays_the_same_moment(desk: Desk, due: str) -> None:
    fields = EVERYTHING | {"visible_from": ""}
    desk.set_one(**fields | {"due": due})
    [before] = desk.browser.here.items("class_assignment")
    form = desk.open("assignments", assignment="1-1")
    [shown] = re.findall(r'<input id="due" name="due"[^>]* value="([^"]+)"', form)
    assert desk.press("change-assignment", **fields | {"due": shown}, assignment="1-1").status == 303
    [after] = desk.browser.here.items("class_assignment")
    assert after["due"] == before["due"]
    edited = fields | {"due": "2026-12-02T18:00"}
    assert desk.press("change-assignment", **edited, assignment="1-1").status == 303
    [after] = desk.browser.here.items("class_assignment")
    assert after["due"] == "2026-12-02T17:00:00.000000Z"


def test_a_form_that_is_refused_says_why_and_keeps_what_was_entered(desk: Desk) -> None:
    for wrong, words in (
        ({"due": ""}, "without a due date there is nothing to enforce"),
        ({"minutes": "soon"}, "minutes must be"),
        ({"weight": "heavy"}, "weight must be"),
        ({"points item capital": "ten"}, "a number from 0"),
        ({"points item capital": "", "points page reading": ""}, "at least one item or page"),
    ):
        said = desk.set_one(**(EVERYTHING | wrong))
        page = said.raw.decode()
        assert said.status == 409
        assert words in page
        assert 'value="Week 1 &lt;b&gt;"' in page
    assert desk.browser.here.items("class_assignment") == []


def test_exceptions_and_release_and_deletion_are_forms(desk: Desk) -> None:
    desk.set_one(**{"points item capital": "10"})
    ada = desk.member("Ada <i>")
    seat = desk.room.seats[ada.id]
    assert desk.press("except", assignment="1-1", seat=seat, factor="1,5", reason="Ill").status == 303
    page = desk.open("assignments", assignment="1-1", done="excepted")
    assert "Ada &lt;i&gt;" in page
    assert "1.5 times" in page
    refused = desk.press("except", assignment="1-1", seat=seat, factor="0")
    assert (refused.status, "factor must be 1 or more" in refused.raw.decode()) == (409, True)
    desk.press("end-exception", assignment="1-1", seat=seat)
    assert "1.5 times" not in desk.open("assignments", assignment="1-1")
    desk.press("release", assignment="1-1")
    assert "Withdraw" in desk.open("assignments")
    desk.press("release", withdraw="yes")
    assert "not released" in desk.open("assignments")
    desk.press("grade", assignment="1-1", seat=seat, entry="", points="3")
    page = desk.open("assignments", assignment="1-1")
    assert "the points or comment given once by hand" in page
    refused = desk.press("delete-assignment", assignment="1-1", points_given="0")
    assert (refused.status, "comments once in" in refused.raw.decode()) == (409, True)
    assert desk.press("delete-assignment", assignment="1-1", points_given="1").status == 303
    assert "No assignments" in desk.open("assignments")


def test_the_grid_shows_points_blanks_and_what_waits_and_a_cell_takes_points(desk: Desk) -> None:
    assert "No assignments" in desk.open("gradebook")
    desk.set_one(**{"points page first": "8", "points item essay": "4"})
    assert "No members" in desk.open("gradebook")
    ada, bob = desk.member("Ada Lovelace"), desk.member("Bob")
    ada.post(capital="Paris", half=4)
    ada.post(essay="<script>Because</script>")
    seat = desk.room.seats[ada.id]
    grid = desk.open("gradebook")
    assert "1 waiting for a grade" in grid
    assert '<span class="visually-hidden">blank</span>' in grid
    assert re.search(r"Mean</th><td class=\"number\">2<", grid)
    cell = desk.open("gradebook", assignment="1-1", seat=seat)
    assert "&lt;script&gt;Because" in cell
    refused = desk.press("grade", assignment="1-1", seat=seat, entry="item:essay", points="5")
    assert (refused.status, "points must be from 0 to 4" in refused.raw.decode()) == (409, True)
    said = desk.press(
        "grade", assignment="1-1", seat=seat, entry="item:essay", points="3,5", comment="Hm <i>"
    )
    assert said.status == 303
    cell = desk.open("gradebook", assignment="1-1", seat=seat)
    assert "Hm &lt;i&gt;" in cell
    assert "5.5 of 12" in cell
    desk.press("grade", assignment="1-1", seat=seat, entry="item:essay")
    assert "2 of 12" in desk.open("gradebook", assignment="1-1", seat=seat)
    desk.press("change-total", total="weighted")
    assert "percent" in desk.open("gradebook")
    assert desk.open("gradebook", assignment="1-1", seat=desk.room.seats[bob.id])


def test_the_table_has_three_heading_rows_and_a_row_for_each_member_of_the_class(desk: Desk) -> None:
    desk.set_one(**{"points page first": "8", "points item essay": "4", "points page reading": "2"})
    desk.set_one(**{"name": "Again", "points item half": "1"})
    ada, bob = desk.member("Lovelace, Ada", "ada@example.org"), desk.member("=Bob Baker")
    desk.room.table.arrive()[0].get()
    ada.post(capital="Paris", half=4)
    ada.post(essay="Because")
    ada.post()
    bob.post(capital="Lyon", half=5)
    assert desk.table() == [
        ["", "", "", "first", "", "essay", "reading", "first"],
        [
            "",
            "",
            "",
            "Capital of <France>?",
            "'=Half of ten?",
            "Why?",
            "reading",
            "'=Half of ten?",
        ],
        ["E-mail", "Last name", "First name", "2", "6", "4", "2", "1"],
        # Blank isn't zero: the essay waits for a grade, and Bob has read nothing.
        ["", "Baker", "'=Bob", "0", "6", "", "", "1"],
        ["ada@example.org", "Lovelace", "Ada", "2", "0", "", "2", "0"],
    ]
    desk.room.give(ada, 1, "4", entry="page:first")
    # Points for a whole page are divided by the points of its questions.
    assert desk.table()[4][3:5] == ["1", "3"]


def test_the_workbook_is_downloaded_as_bytes_and_without_its_library_the_page_says_how_to_get_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.dashboard.pages.classroom import class_gradebook_tab

    desk.set_one(**{"points page first": "8", "points item essay": "4"})
    ada = desk.member("Lovelace, Ada", "ada@example.org")
    ada.post(capital="Paris", half=4)
    desk.room.give(ada, 1, "11")
    headers = desk.browser.headers | {"accept": "application/octet-stream"}
    said = desk.browser.here.get("/dashboard/classes/1/gradebook.xlsx", headers=headers)
    assert said.headers["content-disposition"] == 'attachment; filename="gradebook-1.xlsx"'
    totals, questions = load_workbook(io.BytesIO(said.raw)).worksheets
    assert [cell.value for cell in totals[3]] == ["ada@example.org", "Lovelace", "Ada", 11, 11, 12]
    assert [cell.value for cell in questions[4]] == ["ada@example.org", "Lovelace", "Ada", 2, 0, None]
    assert "gradebook.xlsx" in desk.open("gradebook")
    monkeypatch.setattr(class_gradebook_tab, "can_write_workbooks", lambda: False)
    page = desk.open("gradebook")
    assert ("gradebook.xlsx" in page, "petri gradebook 1 --out grades.xlsx" in page) == (False, True)
    said = desk.browser.here.get("/dashboard/classes/1/gradebook.xlsx", headers=headers)
    assert (said.status, "requirements.txt" in said.raw.decode()) == (404, True)


def test_large_classes_are_shown_by_pages_and_the_table_has_them_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.dashboard.pages.classroom import class_gradebook_tab

    monkeypatch.setattr(class_gradebook_tab, "_MEMBERS", 2)
    monkeypatch.setattr(class_gradebook_tab, "_PER_CALL", 2)
    desk.set_one(**{"points item capital": "10"})
    for name in ("Ada", "Bob", "Cem", "Dan", "Eve"):
        desk.room.member(name)
    first = desk.open("gradebook")
    assert ("Members 1\N{EN DASH}2 of 5" in first, "Mean" in first) == (True, False)
    assert "gradebook?after=2" in first
    second = desk.open("gradebook", after="2", figures="yes")
    assert ("Cem" in second, "Mean" in second, "gradebook?after=0" in second) == (True, True, True)
    assert [row[1] for row in desk.table()[3:]] == ["Ada", "Bob", "Cem", "Dan", "Eve"]


def test_answers_that_wait_are_graded_without_names_for_one_class_and_one_assignment(desk: Desk) -> None:
    desk.set_one(**{"points page essay": "4"})
    desk.set_one(**{"name": "Other", "points item capital": "1"})
    ada = desk.member("Ada")
    (guest,) = desk.room.table.arrive()
    guest.get()
    for player, words in ((ada, "Of the class"), (guest, "Of a guest")):
        player.post(capital="Paris", half=5)
        player.post(essay=words)

    def waiting(**query: str) -> list[bool]:
        page = desk.browser.open("responses/grading", **query)
        assert "Ada" not in page
        return [words in page for words in ("Of the class", "Of a guest")]

    assert waiting() == [True, True]
    assert waiting(**{"class": "1"}) == [True, False]
    assert waiting(**{"class": "1", "assignment": "1-1"}) == [True, False]
    assert waiting(**{"class": "1", "assignment": "1-2"}) == [False, False]
    fields = {"participant": str(ada.id), "serial": "2", "item": "essay", "points": "3", "comment": "Good"}
    kept = {"class": "1", "assignment": "1-1"}
    said = desk.browser.press("responses/grading", [*fields.items(), *kept.items()])
    assert said.headers["location"] == "/dashboard/responses/grading?class=1&assignment=1-1"
    assert waiting(**kept) == [False, False]
    assert "3 of 4" in desk.open("gradebook", assignment="1-1", seat=desk.room.seats[ada.id])


class Tagged(Study):
    """A question with a competency."""

    half = number("Half of 10?", right=5, tags={"competency": "fractions", "difficulty": 2})
    timeline = (Form("half", ask="half"), End())


def test_competencies_are_shown_for_one_class(open_study: OpenStudy) -> None:
    desk = Desk(DashboardBrowser(open_study(Tagged)))
    assert "Statistics" in desk.browser.open("responses/competencies")
    desk.member("Ada").post(half=5)
    (guest,) = desk.room.table.arrive()
    guest.get()
    guest.post(half=1)
    assert "50 %" in desk.browser.open("responses/competencies")
    assert "100 %" in desk.browser.open("responses/competencies", **{"class": "1"})
