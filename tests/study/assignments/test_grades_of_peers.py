"""Grades that participants give each other, in the gradebook of their class."""

from __future__ import annotations

import re

import pytest

from chalicelib.operations.assignments.member_grades import MemberGrade, view_member_grade
from chalicelib.storage.engine import Engine
from petri.study import End, Form, GradePeers, Study, text
from tests.study.contract.players import Player, Seat

from .classroom import Classroom


class Essays(Study):
    """An essay that two others grade."""

    essay = text("Why?", points=10, grading="peer")
    timeline = (Form("write", ask="essay"), GradePeers("essay", answers=2, wait_seconds=30), End())


def graded_by_each_other(room: Classroom, *points: str) -> list[Player]:
    """Let members write an essay and grade those of two others; each gives the same points to both."""
    players = [room.enter(name) for name in ("Ada", "Bob", "Cem")]
    for player in players:
        player.post(essay=f"Essay {player.id}.")
    room.table.clock.turn(seconds=33)
    room.table.work()
    for player, given in zip(players, points, strict=True):
        player.get()
        player.post(**dict.fromkeys(player.last["items"], given))
    return players


@pytest.fixture
def room(engine: Engine, seat_players: Seat) -> Classroom:
    return Classroom(seat_players(engine, Essays, 0))


@pytest.fixture
def here(sqlite: Engine, seat_players: Seat) -> Classroom:
    return Classroom(seat_players(sqlite, Essays, 0))


def test_the_grades_of_peers_arrive_in_the_gradebook(room: Classroom) -> None:
    room.assign("Essay", "item essay 20", grading="peer")
    players = graded_by_each_other(room, "5", "5", "5")
    assert [room.row(one).cells[0].points for one in players] == [20, 20, 20]
    assert room.figures().mean == 20


def test_an_answer_waits_until_peers_have_graded_it_and_a_graders_points_replace_theirs(
    here: Classroom,
) -> None:
    number = here.assign("Essay", "item essay 20", grading="peer")
    ada = here.enter("Ada")
    ada.post(essay="Essay.")
    assert (here.row(ada).cells[0].points, here.row(ada).cells[0].waiting) == (None, 1)
    here.give(ada, number, "12", "Read by me", entry="item:essay")
    assert (here.row(ada).cells[0].points, here.row(ada).cells[0].waiting) == (12, 0)


def test_those_who_are_graded_learn_nothing_of_who_graded_them(here: Classroom) -> None:
    number = here.assign("Essay", "item essay 20", grading="peer")
    ada, bob, cem = graded_by_each_other(here, "5", "1", "3")
    here.release(number)
    page = here.own_page(ada)
    assert "of 20 points" in page
    words = set(re.findall(r"\w+", page))
    assert words.isdisjoint({"Bob", "Cem", here.seats[bob.id], here.seats[cem.id]})
    # Nor do those who grade for the class see it in the gradebook: only the responses have it.
    grade: MemberGrade = here.operate(view_member_grade, here.number, number, here.seats[ada.id])
    assert grade.points is not None
    assert "graded_by" not in repr(grade)
    assert [one.comment for one in grade.parts] == [""]
