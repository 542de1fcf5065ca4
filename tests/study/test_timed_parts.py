"""A timed part has one clock for all its pages, and one row about its result."""

from __future__ import annotations

from typing import Any

from petri.study import End, Form, Page, Study, Timed, number
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import World


class Sums(Study):
    """Three sums in a minute."""

    one = number("1 + 1", right=2)
    two = number("1 + 2", right=3)
    three = number("1 + 3", right=4)
    timeline = (
        Timed(
            1, [Form("first", ask="one"), Form("second", ask="two"), Form("third", ask="three")], name="sums"
        ),
        Page("after"),
        End(),
    )


class MoreTime(Sums):
    """The same with half as much time again."""

    def time_factor(self, player):
        return 1.5


def result(here: World) -> dict[str, Any]:
    rows = [one for item in here.items("response") for one in item["answers"] if one["kind"] == "timed"]
    assert len(rows) == 1
    assert (rows[0]["item"], rows[0]["attempt"]) == ("sums", 1)
    return dict(rows[0]["answer"])


def test_the_pages_share_a_clock(open_study: OpenStudy) -> None:
    here = open_study(Sums)
    person = here.arrive()
    assert due(person)["seconds_left"] == 60
    here.clock.turn(seconds=20)
    assert answer(person, one=2)["seconds_left"] == 40
    here.clock.turn(seconds=15)
    assert due(person)["seconds_left"] == 25


def test_a_part_that_is_finished_has_a_row_with_its_result(open_study: OpenStudy) -> None:
    here = open_study(Sums)
    person = here.arrive()
    due(person)
    here.clock.turn(seconds=12)
    answer(person, one=2)
    answer(person, two=7)
    assert answer(person, three=4)["page"] == "after"
    assert result(here) == {"correct": 2, "incorrect": 1, "skipped": 0, "time_taken": 12.0}


def test_pages_that_are_left_when_time_is_up_are_skipped(open_study: OpenStudy) -> None:
    here = open_study(Sums)
    person = here.arrive()
    answer(person, one=2)
    here.clock.turn(seconds=63)
    here.work()
    assert due(person)["page"] == "after"
    assert result(here) == {"correct": 1, "incorrect": 0, "skipped": 2, "time_taken": 60.0}


def test_a_participant_can_have_more_time(open_study: OpenStudy) -> None:
    here = open_study(MoreTime)
    assert due(here.arrive())["seconds_left"] == 90
