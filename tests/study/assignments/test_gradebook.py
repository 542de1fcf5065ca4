"""The gradebook of a class: totals, points given by hand, what is released, and which members it has."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

import pytest

from chalicelib.access.rights import ROLES, Actor, Right
from chalicelib.errors import Forbidden, InvalidField, InvalidState, NotFound
from chalicelib.operations.assignments.gradebook import read_gradebook
from chalicelib.operations.assignments.manage_assignments import (
    delete_assignment,
    rest_of_assignment,
    set_total_rule,
)
from chalicelib.operations.assignments.member_grades import view_member_grade
from chalicelib.operations.classes.class_records import read_class, read_member, store_class, store_member
from chalicelib.operations.management.managed_grading import grade_answer, list_gradable_answers
from chalicelib.operations.shared.context import Context, caller_of
from chalicelib.operations.study.grading.grade_response import GivenGrade, grade_response
from chalicelib.storage.engine import Engine
from petri.study import End, Form, Study, text
from tests.study.contract.players import Player, Seat

from .classroom import Classroom, Course


@pytest.fixture
def here(sqlite: Engine, seat_players: Seat) -> Classroom:
    return Classroom(seat_players(sqlite, Course, 0))


def work(player: Player, **answers: object) -> None:
    given = {"capital": "Paris", "half": 5, "essay": "Because"} | answers
    for name, value in given.items():
        player.post(**{name: value})


def test_a_grade_that_a_person_gives_on_the_responses_page_is_in_the_gradebook_with_its_comment(
    here: Classroom,
) -> None:
    number = here.assign("Essay", "item capital 6", "item essay 8", grading="rule")
    ada = here.enter("Ada")
    work(ada)
    cell = here.row(ada).cells[0]
    assert (cell.points, cell.waiting) == (6, 1)
    here.operate(grade_response, GivenGrade(ada.id, "essay", points=Decimal(3), comment="Good start"))
    cell = here.row(ada).cells[0]
    assert (cell.points, cell.waiting) == (12, 0)
    here.release(number)
    assert "Good start" in here.own_page(ada)


@pytest.mark.parametrize("grading", ["hand", "peer"])
def test_what_a_rule_says_counts_first_where_people_grade_and_a_person_replaces_it(
    here: Classroom, grading: str
) -> None:
    number = here.assign("Exam", "item capital 10", "item essay 8", grading=grading)
    ada = here.enter("Ada")
    work(ada)
    cell = here.row(ada).cells[0]
    # The essay waits for a person; the question with a rule doesn't.
    assert (cell.points, cell.waiting) == (10, 1)
    here.give(ada, number, "7.5", "See page 3", entry="item:capital")
    capital, essay = here.operate(view_member_grade, here.number, number, here.seats[ada.id]).parts
    assert (capital.points, capital.computed, capital.is_given) == (Decimal("7.5"), 10, True)
    assert (capital.comment, essay.is_waiting) == ("See page 3", True)
    (values,) = [one for one in here.table.items("audit_values") if "7.5" in str(one)]
    assert "'computed': '10" in str(values).replace('"', "'")
    here.give(ada, number, None, entry="item:capital")
    assert here.row(ada).cells[0].points == 10


def test_a_question_without_a_right_answer_waits_where_an_assignment_is_graded_by_hand(
    sqlite: Engine, seat_players: Seat
) -> None:
    room = Classroom(seat_players(sqlite, Opinion, 0))
    number = room.assign("Diary", "item opinion 4", grading="hand")
    ada = room.enter("Ada")
    ada.post(opinion="It depends")
    assert (room.row(ada).cells[0].points, room.row(ada).cells[0].waiting) == (None, 1)
    room.give(ada, number, "3", entry="item:opinion")
    assert (room.row(ada).cells[0].points, room.row(ada).cells[0].waiting) == (3, 0)


class Opinion(Study):
    """A question without a right answer."""

    opinion = text("What do you think?")
    timeline = (Form("opinion", ask="opinion"), End())


def test_a_page_weighs_its_items_by_their_points_and_one_without_items_counts_when_it_is_left(
    here: Classroom,
) -> None:
    here.assign("Pages", "page half 10", "page reading 3")
    ada = here.enter("Ada")
    work(ada, half=4)
    assert here.row(ada).cells[0].points == 0
    ada.post()
    assert here.row(ada).cells[0].points == 3


def test_a_total_given_by_hand_counts_until_it_is_removed(here: Classroom) -> None:
    number = here.assign()
    ada = here.enter("Ada")
    ada.post(capital="Paris")
    here.give(ada, number, "4", "Agreed")
    assert (here.row(ada).cells[0].points, here.row(ada).cells[0].computed) == (4, 10)
    here.give(ada, number, None)
    assert here.row(ada).cells[0].points == 10
    with pytest.raises(InvalidField, match="points must be from 0 to 10"):
        here.give(ada, number, "10.5")


def test_the_gradebook_has_the_members_of_the_class_alone(here: Classroom) -> None:
    here.assign()
    other = Classroom(here.table)
    ada, bob, eve = here.enter("Ada Lovelace"), here.enter("Bob Baker"), other.enter("Eve")
    here.table.arrive()[0].get()
    here.member("Cem Carter")
    seat = here.seats[ada.id]

    def leave(ctx: Context) -> None:
        member = read_member(ctx, here.number, seat)
        member.left = "2026-11-30T12:00:00Z"
        store_member(ctx, member)

    assert [row.name for row in here.book().rows] == ["Bob Baker", "Cem Carter", "Ada Lovelace"]
    here.operate(leave)
    assert [row.participant_id for row in here.book().rows] == [bob.id, None]
    assert [row.participant_id for row in other.book().rows] == [eve.id]
    with pytest.raises(NotFound):
        here.give(ada, 1, "3")


def test_the_total_sums_points_or_weighs_percentages(here: Classroom) -> None:
    here.assign("Quiz", "item capital 10")
    here.assign("Exam", "item half 40", weight="3")
    ada, bob = here.enter("Ada"), here.enter("Bob")
    work(ada, half=4)
    bob.post(capital="Lyon")
    assert [(one.total, one.possible) for one in here.book().rows] == [(10, 50), (0, 10)]
    here.operate(set_total_rule, here.number, "weighted")
    book = here.book()
    assert [one.total for one in book.rows] == [25, 0]
    figures = here.figures()
    assert (figures.mean, figures.median, figures.graded) == (Decimal("12.5"), Decimal("12.5"), 2)
    assert [(one.mean, one.graded) for one in figures.columns] == [(5, 2), (0, 1)]


def test_members_see_released_grades_alone(here: Classroom) -> None:
    first, second = here.assign("First"), here.assign("Second <b>", visible_from="2030-01-01T00:00")
    ada = here.enter("Ada")
    ada.post(capital="Paris")
    here.give(ada, first, "9", "Nice <script>")
    page = here.own_page(ada)
    assert ("First" in page, "Second" in page) == (True, False)
    assert "aren't released yet" in page.replace("&#39;", "'")
    assert "Nice" not in page
    assert "points" not in page
    here.release(first)
    here.allow(ada, second, visible_from="2020-01-01T00:00")
    page = here.own_page(ada)
    assert "9 of 10 points" in page
    assert "Nice &lt;script&gt;" in page
    assert "Second &lt;b&gt;" in page
    here.release(first, is_released=False)
    assert "9 of 10 points" not in here.own_page(ada)


def test_a_participant_without_a_class_has_no_class_page(here: Classroom) -> None:
    (guest,) = here.table.arrive()
    guest.get()
    with pytest.raises(NotFound):
        here.own_page(guest)


def test_an_assignment_is_deleted_with_as_many_points_as_were_confirmed(here: Classroom) -> None:
    number, other = here.assign(), here.assign("Other")
    ada = here.enter("Ada")
    for one in (number, other):
        here.allow(ada, one, factor="2")
        here.give(ada, one, "4")
    here.give(ada, number, "3", entry="item:capital")
    for confirmed in (0, 1, 3):
        with pytest.raises(InvalidState, match="2 times in this assignment"):
            here.operate(delete_assignment, here.number, number, confirmed)
    here.operate(delete_assignment, here.number, number, 2)
    assert [one.id for one in here.book().columns] == [f"{here.number}-{other}"]
    here.table.work()
    kept = [here.table.items(kind) for kind in ("class_assignment", "deadline_exception", "given_points")]
    assert [len(one) for one in kept] == [1, 1, 1]


def test_the_exceptions_and_points_of_a_deleted_assignment_go_in_several_commits(
    here: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = here.assign()
    for name in ("Ada", "Bob", "Cem"):
        here.give(here.enter(name), number, "4")
    monkeypatch.setattr("chalicelib.operations.assignments.manage_assignments.MAX_CLEARED", 2)
    here.operate(delete_assignment, here.number, number, 3)
    here.table.work()
    assert here.table.items("given_points") == []
    # The message that comes twice finds nothing to do, and the number isn't given again.
    assert here.operate(rest_of_assignment, here.number, number) == []
    assert here.assign() == number + 1


def test_instructors_grade_their_own_class_and_no_other(here: Classroom) -> None:
    def teach(ctx: Context) -> None:
        study_class = read_class(ctx, here.number)
        study_class.instructors = ["ada"]
        store_class(ctx, study_class)

    here.operate(teach)
    grader = ROLES["Researcher"]

    def read_as(username: str, rights: frozenset[Right]) -> object:
        caller = caller_of(Actor(f"user:{username}", username, rights))
        return here.table.app.run(read_gradebook, here.number, caller=caller)

    assert read_as("ada", grader)
    assert read_as("root", ROLES["Lab admin"])
    with pytest.raises(NotFound):
        read_as("bob", grader)
    with pytest.raises(Forbidden):
        read_as("ada", grader - {Right.GRADE})


def test_answers_of_a_class_are_graded_by_its_instructors_and_those_who_manage_the_lab(
    here: Classroom,
) -> None:
    def teach(ctx: Context) -> None:
        study_class = read_class(ctx, here.number)
        study_class.instructors = ["ada"]
        store_class(ctx, study_class)

    here.operate(teach)
    member = here.enter("Eve")
    work(member)
    (guest,) = here.table.arrive()
    guest.get()
    work(guest)

    def grade_as(username: str, role: str, who: Player) -> int:
        caller = caller_of(Actor(f"user:{username}", username, ROLES[role]))
        run = partial(here.table.app.run, caller=caller)
        shown = len(run(list_gradable_answers, str(who.id)).rows)
        run(grade_answer, str(who.id), "essay", None, Decimal(2), "")
        return shown

    assert grade_as("ada", "Assistant", member) == 1
    assert grade_as("root", "Lab admin", member) == 1
    assert grade_as("bob", "Assistant", guest) == 1
    with pytest.raises(Forbidden, match="Its instructors grade"):
        grade_as("bob", "Assistant", member)
    bob = caller_of(Actor("user:bob", "bob", ROLES["Assistant"]))
    assert here.table.app.run(list_gradable_answers, str(member.id), caller=bob).rows == []


def test_each_change_has_an_entry_in_the_audit_log(here: Classroom) -> None:
    number = here.assign()
    ada = here.enter("Ada")
    here.allow(ada, number, factor="2")
    here.give(ada, number, "4", "private words")
    here.release(number)
    entries = here.table.items("audit_entry")
    assert [one["operation"] for one in entries] == [
        "assignments.create",
        "assignments.except",
        "gradebooks.grade",
        "assignments.release",
    ]
    logged = str(here.table.items("audit_values")) + str(entries)
    assert "private words" not in logged
    assert here.seats[ada.id] not in logged
