"""Grades that people give to answers: rows of their own, of which the last one counts."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib.errors import BadRequest, NotFound, RuleBroken
from chalicelib.export import write_zip
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.operations.study.grading.grade_response import MAX_COMMENT, GivenGrade, grade_response
from chalicelib.operations.study.grading.ungraded import answers_to_grade
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.importing import load_zip
from infra.local.lifecycle.run_session import RunSession
from infra.operator import grade_sheets
from petri.data import Data
from petri.study import Draw, End, Form, Page, Rounds, Study, number, text
from tests.contract.factories import dump
from tests.study.studies import OpenStudy, answer
from tests.web.world import Person, World

NASTY = '=HYPERLINK("http://x")\n"quoted", ünï'


class Essays(Study):
    """An essay that people grade, and a sum that they don't."""

    essay = text("Why?", long=True, points=4, grading="manual", required=False)
    sum = number("1 + 1", right=2)
    timeline = (Form("write", ask=["essay", "sum"]), End())


def written(here: World, essay: str | None = "Because.") -> Person:
    person = here.arrive()
    answer(person, essay=essay, sum=2)
    here.work()
    return person


def grade(here: World, person: Person, **given: Any) -> bool:
    return bool(here.app.run(grade_response, GivenGrade(person.id, "essay", **given), caller=OPERATOR_CALLER))


def points(here: World, person: Person) -> str:
    return next(
        item.get("points", "0") for item in here.items("place") if item["participant_id"] == person.id
    )


def session(here: World) -> RunSession:
    return RunSession("essays", here.app, None)


def test_a_grade_is_a_row_of_its_own_and_the_last_one_counts(open_study: OpenStudy, tmp_path: Path) -> None:
    here = open_study(Essays)
    person = written(here)
    before = here.items("response")
    assert points(here, person) == "1"
    assert grade(here, person, points=Decimal(2), comment="Fair.", grader="anna")
    assert points(here, person) == "3"
    assert grade(here, person, percent=Decimal("0.25"), grader="bert")
    assert points(here, person) == "2"
    assert here.items("response") == before
    data = Data(write_zip(here.engine, tmp_path / "essays.zip", app_id="essays"))
    rows = [row for row in data.responses.list if row["item"] == "essay"]
    assert [(row["by"], row["answer"], row["points"], row["percent"]) for row in rows] == [
        ("participant", "Because.", None, None),
        ("grader", None, 2.0, 0.5),
        ("grader", None, 1.0, 0.25),
    ]
    assert [(row["graded_by"], row["comment"]) for row in rows[1:]] == [("anna", "Fair."), ("bert", None)]
    assert len({(row["path"], row["serial"], row["attempt"]) for row in rows}) == 1
    assert [row["points"] for row in data.wide().list] == [Decimal(2)]


def test_a_grade_is_stored_with_the_place_of_its_answer(open_study: OpenStudy) -> None:
    timeline = (Rounds(2, [Form("write", ask="essay")]), End())
    here = open_study(type("Twice", (Essays,), {"timeline": timeline}))
    person = here.arrive()
    for essay in ("First.", "Second."):
        answer(person, essay=essay)
    response = max(here.items("response"), key=lambda item: item["serial"])
    assert grade(here, person, serial=response["serial"], points=Decimal(2), grader="anna")
    (stored,) = here.items("grade")
    where = ("participant_id", "serial", "page", "path", "scope", "round", "node_id", "network_id", "visit")
    assert {name: stored.get(name) for name in where} == {name: response.get(name) for name in where}
    assert (stored["page"], stored["round"], stored.get("number", 0)) == ("write", 2, 0)
    assert (stored["item"], stored["by"], stored["answers"][0]["graded_by"]) == ("essay", "grader", "anna")


def test_pages_without_items_have_nothing_to_grade(open_study: OpenStudy) -> None:
    timeline = (Page("intro"), Form("write", ask="essay"), End())
    here = open_study(type("WithIntro", (Essays,), {"timeline": timeline}))
    person = here.arrive()
    answer(person)
    assert here.app.run(answers_to_grade, [person.id], caller=OPERATOR_CALLER) == []
    answer(person, essay="Because.")
    (found,) = here.app.run(answers_to_grade, [person.id], caller=OPERATOR_CALLER)
    assert (found.item, found.answer, found.points, found.comment) == ("essay", "Because.", None, "")
    assert grade(here, person, points=Decimal(2), comment="Fair.")
    (found,) = here.app.run(answers_to_grade, [person.id], caller=OPERATOR_CALLER)
    assert (found.points, found.comment, found.max_points) == (2, "Fair.", 4)


def test_the_same_grade_is_stored_once(open_study: OpenStudy) -> None:
    here = open_study(Essays)
    person = written(here)
    assert grade(here, person, points=Decimal(2))
    with here.unchanged():
        assert not grade(here, person, points=Decimal(2))


def test_of_several_attempts_the_count_of_the_item_says_which_grade_counts(open_study: OpenStudy) -> None:
    essay = text("Why?", points=4, grading="manual", count="best")
    timeline = (Rounds(1, [Form("one", ask="essay"), Form("two", ask="essay")]), End())
    here = open_study(type("Twice", (Study,), {"essay": essay, "timeline": timeline}))
    person = here.arrive()
    answer(person, essay="First.")
    answer(person, essay="Second.")
    with pytest.raises(BadRequest, match="2 times"):
        grade(here, person, points=Decimal(1))
    assert grade(here, person, attempt=2, points=Decimal(1))
    assert grade(here, person, attempt=1, points=Decimal(3))
    assert points(here, person) == "3"
    assert grade(here, person, attempt=1, points=Decimal(0))
    assert points(here, person) == "1"


def test_a_drawn_item_has_the_points_of_its_draw(open_study: OpenStudy) -> None:
    timeline = (Form("exam", ask=["essay"], draw=Draw(1, points=10)), End())
    here = open_study(type("Drawn", (Essays,), {"timeline": timeline}))
    person = here.arrive()
    answer(person, essay="Because.")
    assert grade(here, person, percent=Decimal("0.9"))
    assert points(here, person) == "9"


@pytest.mark.parametrize(
    ("given", "earned"),
    [
        ({"points": Decimal(4)}, "5"),
        ({"points": Decimal(0)}, "1"),
        ({"percent": Decimal(1)}, "5"),
        ({"percent": Decimal(0)}, "1"),
        ({"points": Decimal(2), "comment": "x" * MAX_COMMENT}, "3"),
    ],
)
def test_the_limits_of_a_grade_are_grades(open_study: OpenStudy, given: dict[str, Any], earned: str) -> None:
    here = open_study(Essays)
    person = written(here)
    assert grade(here, person, **given)
    assert points(here, person) == earned


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"points": Decimal(5)}, BadRequest),
        ({"points": Decimal(-1)}, BadRequest),
        ({"points": Decimal("NaN")}, BadRequest),
        ({"percent": Decimal("1.01")}, BadRequest),
        ({"percent": Decimal("Infinity")}, BadRequest),
        ({}, BadRequest),
        ({"points": Decimal(1), "percent": Decimal(1)}, BadRequest),
        ({"points": Decimal(1), "comment": "x" * (MAX_COMMENT + 1)}, BadRequest),
        ({"points": Decimal(1), "attempt": 2}, NotFound),
        ({"points": Decimal(1), "serial": 9}, NotFound),
    ],
)
def test_a_grade_that_is_not_valid_is_refused_and_nothing_is_stored(
    open_study: OpenStudy, given: dict[str, Any], error: type[Exception]
) -> None:
    here = open_study(Essays)
    person = written(here)
    with here.unchanged(), pytest.raises(error):
        grade(here, person, **given)


def test_an_item_that_petri_grades_is_refused(open_study: OpenStudy) -> None:
    here = open_study(Essays)
    person = written(here)
    with pytest.raises(RuleBroken, match="all_or_nothing"):
        here.app.run(grade_response, GivenGrade(person.id, "sum", points=Decimal(1)), caller=OPERATOR_CALLER)


def filled(here: World, file: Path, *grades: tuple[str, str, str]) -> Path:
    """Write a sheet, and fill in points, percent and comment of each line."""
    grade_sheets.write_sheet(session(here), file)
    lines = file.read_text(encoding="utf-8-sig").split("\n1")
    head, rest = lines[0], [f"1{line}".removesuffix("\n") for line in lines[1:]]
    assert all(line.endswith(",,,") for line in rest)
    full = [f"{line[:-2]}{p},{q},{c}" for line, (p, q, c) in zip(rest, grades, strict=True)]
    file.write_text("\n".join([head, *full]) + "\n", encoding="utf-8")
    return file


def test_a_sheet_shows_answers_without_ids_of_workers_and_is_taken_back_once(
    open_study: OpenStudy, tmp_path: Path
) -> None:
    here = open_study(Essays)
    person = written(here, NASTY)
    written(here, None)
    file = filled(here, tmp_path / "sheet.csv", ("", "75%", '"Good, but short"'))
    shown = file.read_text(encoding="utf-8")
    assert "'=HYPERLINK" in shown
    assert f"{person.id}-1-essay" in shown
    assert not any(secret in shown for secret in (person.worker_id, person.assignment_id))
    assert grade_sheets.take_sheet(session(here), file, "anna", dry_run=True).new == 0
    assert points(here, person) == "1"
    taken = grade_sheets.take_sheet(session(here), file, "anna")
    assert (taken.graded, taken.new, taken.after_bonus) == (1, 1, 1)
    assert points(here, person) == "4"
    with here.unchanged():
        assert grade_sheets.take_sheet(session(here), file, "anna").new == 0
    assert list(grade_sheets.waiting(session(here))) == []
    assert [one.points for one in grade_sheets.waiting(session(here), everything=True)] == [Decimal(3)]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (("9", "", ""), "9 points are given"),
        (("two", "", ""), "'two' isn't a number"),
        (("", "75", ""), "write 75% for a percentage"),
        (("", "", "Good"), "the comment has no grade"),
        (("1", "50%", ""), "either in points or as a percentage"),
        (("-1", "", ""), "isn't a number"),
    ],
)
def test_one_wrong_line_of_a_sheet_is_named_and_nothing_is_stored(
    open_study: OpenStudy, tmp_path: Path, wrong: tuple[str, str, str], problem: str
) -> None:
    here = open_study(Essays, num_participants=2)
    for _ in range(2):
        written(here)
    file = tmp_path / "sheet.csv"
    good, bad = (f"{number}-1-essay,essay,Why?,Because.,4," for number in (1, 2))
    head = ",".join(grade_sheets.COLUMNS)
    file.write_text(f"{head}\n{good}1,,\n{bad}{','.join(wrong)}\n", encoding="utf-8")
    with here.unchanged(), pytest.raises(BadRequest, match="line 3") as refused:
        grade_sheets.take_sheet(session(here), file, "anna")
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "no column 'answer_id'"),
        ("answer_id,points,percent\n", "no column 'comment'"),
        ("answer_id,points,percent,comment\n1-1-essay,1,,\n1-1-essay,2,,\n", "stands twice"),
        ("answer_id,points,percent,comment\nx,1,,\n", "isn't one of the sheet's"),
        ("answer_id,points,percent,comment\n7-1-essay,1,,\n", "Participant 7 has no such answer"),
        ("answer_id,points,percent,comment\n1-1-sum,1,,\n", "graded by all_or_nothing"),
    ],
)
def test_a_sheet_that_was_damaged_is_refused(
    open_study: OpenStudy, tmp_path: Path, content: str, problem: str
) -> None:
    here = open_study(Essays)
    written(here)
    file = tmp_path / "sheet.csv"
    file.write_text(content, encoding="utf-8")
    with here.unchanged(), pytest.raises(BadRequest) as refused:
        grade_sheets.take_sheet(session(here), file, "anna")
    assert problem in str(refused.value)


def test_grades_are_loaded_with_an_export(open_study: OpenStudy, tmp_path: Path) -> None:
    here = open_study(Essays)
    person = written(here)
    grade(here, person, points=Decimal(2), comment="Fair.")
    archive = write_zip(here.engine, tmp_path / "essays.zip", app_id="essays")
    copy = SQLiteEngine(tmp_path / "copy.sqlite")
    load_zip(archive, copy)
    kept = [item for item in dump(copy).values() if item["kind"] == "grade"]
    copy.close()
    assert [item["answers"] for item in kept] == [item["answers"] for item in here.items("grade")]
