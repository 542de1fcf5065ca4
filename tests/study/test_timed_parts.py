"""A timed part has one clock for all its pages, and one row about its result."""

from __future__ import annotations

from typing import Any

from petri.study import Choose, End, Form, Page, Rounds, Study, Timed, number
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
    rows = [
        one for item in here.items("response") for one in item.get("answers", ()) if one["kind"] == "timed"
    ]
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


def test_the_time_taken_of_a_participant_with_more_time_is_all_that_they_took(open_study: OpenStudy) -> None:
    here = open_study(MoreTime)
    person = here.arrive()
    due(person)
    here.clock.turn(seconds=80)
    for given in ({"one": 2}, {"two": 3}, {"three": 4}):
        answer(person, **given)
    assert result(here)["time_taken"] == 80.0


def test_the_time_taken_of_a_part_that_ran_out_is_its_whole_time(open_study: OpenStudy) -> None:
    here = open_study(MoreTime)
    due(here.arrive())
    here.clock.turn(seconds=95)
    here.work()
    assert result(here)["time_taken"] == 90.0


def test_the_row_of_a_part_says_where_and_when(open_study: OpenStudy) -> None:
    here = open_study(Sums)
    person = here.arrive()
    due(person)
    began = here.clock.now().isoformat()[:19]
    here.clock.turn(seconds=12.3456)
    for given in ({"one": 2}, {"two": 3}, {"three": 4}):
        answer(person, **given)
    (row,) = [item for item in here.items("response") if item["page"] == "sums"]
    assert {name: row[name] for name in ("participant_id", "serial", "path")} == {
        "participant_id": person.id,
        "serial": 4,
        "path": "sums",
    }
    assert (row["shown_at"][:19], row["answered_at"][:19]) == (began, here.clock.now().isoformat()[:19])
    assert row["seconds"] == row["answers"][0]["answer"]["time_taken"] == 12.346
    assert [item.get("clocks") for item in here.items("place")] == [None]


def test_pages_behind_a_part_have_no_clock_and_its_result_is_stored_once(open_study: OpenStudy) -> None:
    here = open_study(Sums)
    person = here.arrive()
    for given in ({"one": 2}, {"two": 3}, {"three": 4}):
        answer(person, **given)
    assert due(person)["seconds_left"] is None
    assert answer(person)["kind"] == "end"
    assert result(here)["correct"] == 3


def test_only_graded_items_can_be_skipped_and_drawn_ones_alone_count(open_study: OpenStudy) -> None:
    class Mixed(Sums):
        opinion = number("How was it?")
        timeline = (
            Timed(
                1,
                [
                    Form("ungraded", ask="opinion"),
                    Form("drawn", ask=["one", "two"], draw=1),
                    Choose(1, [Form("third", ask="three")]),
                ],
                name="sums",
            ),
            End(),
        )

    here = open_study(Mixed)
    person = here.arrive()
    answer(person, opinion=3)
    here.clock.turn(seconds=63)
    here.work()
    assert result(here) == {"correct": 0, "incorrect": 0, "skipped": 2, "time_taken": 60.0}


def test_a_part_inside_a_part_shares_the_clock_of_the_outer_one(open_study: OpenStudy) -> None:
    inner = Timed(5, [Form("second", ask="two")], name="inner")
    timeline = (Timed(1, [Form("first", ask="one"), inner], name="sums"), Page("after"), End())
    here = open_study(type("Nested", (Sums,), {"timeline": timeline}))
    person = here.arrive()
    due(person)
    here.clock.turn(seconds=10)
    assert answer(person, one=2)["seconds_left"] == 50
    answer(person, two=3)
    assert result(here) == {"correct": 2, "incorrect": 0, "skipped": 0, "time_taken": 10.0}


def test_a_part_in_rounds_has_a_row_for_each_round(open_study: OpenStudy) -> None:
    timeline = (Rounds(2, [Timed(1, [Form("first", ask="one")], name="sums")]), End())
    here = open_study(type("Repeated", (Sums,), {"timeline": timeline}))
    person = here.arrive()
    for given, seconds in ((2, 5), (7, 8)):
        due(person)
        here.clock.turn(seconds=seconds)
        answer(person, one=given)
    rows = [item for item in here.items("response") if item["page"] == "sums"]
    found = {row["path"]: row["answers"][0]["answer"] for row in rows}
    assert found == {
        "rounds[1]/sums": {"correct": 1, "incorrect": 0, "skipped": 0, "time_taken": 5.0},
        "rounds[2]/sums": {"correct": 0, "incorrect": 1, "skipped": 0, "time_taken": 8.0},
    }
