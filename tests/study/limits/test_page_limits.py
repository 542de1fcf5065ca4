"""The time limits of pages, by the server's clock."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.operations.management.participant_actions import extend_time
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.study.study import Study
from petri.study import End, Group, Page, Timed, number, text
from tests.study.studies import OpenStudy, Ultimatum, answer, due
from tests.study.test_ultimatum import pair
from tests.web.world import Person, Said, World


class Limited(Study):
    guess = number("How many?", minimum=0, maximum=10)
    why = text("Why?", required=False)
    seen = number("How many dots?", media=["static/dots.png"])
    timeline = [
        Page("guess", ask=["guess", "why"], seconds=60, on_timeout={"guess": 5}),
        Page("look", ask="seen", seconds=30, on_timeout={"seen": 0}),
        End(),
    ]


def post(person: Person, answers: dict[str, Any], **more: Any) -> Said:
    body = {"serial": due(person)["serial"], "answers": answers, **more}
    return person.world.post_json("/page", body, token=person.token)


def stored(here: World) -> list[tuple[str, str, Any]]:
    """Return of each response its page, who answered, and the first answer."""
    return [
        (item["page"], item.get("by", "participant"), item["answers"][0]["answer"])
        for item in here.items("response")
    ]


def wake_ups(here: World) -> int:
    return sum("enforce_time_limit" in str(item["body"]) for item in here.items("message"))


def test_the_pages_of_a_participant_are_numbered_in_order(open_study: OpenStudy) -> None:
    here = open_study(Limited)
    person = here.arrive()
    first = due(person)["serial"]
    following = [answer(person, **answers)["serial"] for answers in ({"guess": 1}, {"seen": 2})]
    assert [first, *following] == [1, 2, 3]


def test_a_page_whose_time_is_up_is_answered_with_on_timeout(open_study: OpenStudy) -> None:
    here = open_study(Limited)
    person = here.arrive()
    assert due(person)["seconds_left"] == 60
    here.clock.turn(seconds=63)
    here.work()
    assert stored(here) == [("guess", "timeout", 5)]
    assert due(person)["page"] == "look"


@pytest.mark.parametrize(("late", "expected"), [(1.9, ("participant", 7)), (2.1, ("timeout", 5))])
def test_an_answer_is_taken_up_to_two_seconds_after_the_end(
    open_study: OpenStudy, late: float, expected: tuple[str, int]
) -> None:
    here = open_study(Limited)
    person = here.arrive()
    serial = due(person)["serial"]
    here.clock.turn(seconds=60 + late)
    said = answer(person, serial, guess=7)
    assert (said.status, said["page"]) == (200, "look")
    assert stored(here) == [("guess", *expected)]


@pytest.mark.parametrize(
    ("loading", "after", "by"),
    [
        (8, 39, "participant"),
        (8, 41, "timeout"),
        (60, 41, "participant"),
        (60, 43, "timeout"),
        (0, 33, "timeout"),
    ],
)
def test_loading_media_delays_the_end_by_what_the_page_reports_up_to_ten_seconds(
    open_study: OpenStudy, loading: int, after: int, by: str
) -> None:
    here = open_study(Limited)
    person = here.arrive()
    answer(person, guess=1)
    serial = due(person)["serial"]
    here.clock.turn(seconds=after)
    body = {"serial": serial, "answers": {"seen": 3}, "timings": {"loading": loading}}
    here.post_json("/page", body, token=person.token)
    assert stored(here)[1][:2] == ("look", by)


def test_the_draft_counts_where_it_is_valid_and_on_timeout_for_the_rest(open_study: OpenStudy) -> None:
    here = open_study(Limited)
    one, other = here.arrive(), here.arrive()
    serials = [due(person)["serial"] for person in (one, other)]
    here.clock.turn(seconds=60)
    answer(one, serials[0], timeout=True, guess=8, why="because")
    answer(other, serials[1], timeout=True, guess=99, why="x" * 6000)
    found = {
        item["participant_id"]: [one["answer"] for one in item["answers"]] for item in here.items("response")
    }
    assert found == {one.id: [8, "because"], other.id: [5, None]}
    assert {item["by"] for item in here.items("response")} == {"timeout"}


def test_the_answers_that_were_filled_in_are_marked_as_missed(open_study: OpenStudy) -> None:
    here = open_study(Limited)
    one, other = here.arrive(), here.arrive()
    serials = [due(person)["serial"] for person in (one, other)]
    here.clock.turn(seconds=60)
    # The first has entered what counts for a participant who enters nothing.
    answer(one, serials[0], timeout=True, guess=5)
    answer(other, serials[1], timeout=True, why="because")
    found = {
        item["participant_id"]: [one["item"] for one in item["answers"] if one.get("missed")]
        for item in here.items("response")
    }
    assert found == {one.id: ["why"], other.id: ["guess"]}


def test_an_optional_item_that_a_participant_leaves_out_is_not_missed(open_study: OpenStudy) -> None:
    here = open_study(Limited)
    answer(here.arrive(), guess=5)
    (response,) = here.items("response")
    assert [one["item"] for one in response["answers"] if "missed" in one] == []


def give_minutes(here: World, person: Person, minutes: int) -> None:
    here.app.run(extend_time, str(person.id), minutes, caller=OPERATOR_CALLER)


def test_extra_minutes_count_on_the_page_and_in_the_timed_parts_around_it(open_study: OpenStudy) -> None:
    page = Page("guess", ask="guess", seconds=60, on_timeout={"guess": 5})
    timeline = (Timed(2, [page, Page("look", ask="seen")]), End())
    here = open_study(type("Timely", (Limited,), {"timeline": timeline}))
    person, other = here.arrive(), here.arrive()
    assert [due(one)["seconds_left"] for one in (person, other)] == [60, 60]
    give_minutes(here, person, 2)
    assert [due(one)["seconds_left"] for one in (person, other)] == [180, 60]
    # The timed part is as much longer.
    assert answer(person, guess=5)["seconds_left"] == 120 + 120


def test_extra_minutes_change_nothing_on_a_page_without_a_time_limit(open_study: OpenStudy) -> None:
    timeline = (Page("guess", ask="guess"), End())
    here = open_study(type("Patient", (Limited,), {"timeline": timeline}))
    person = here.arrive()
    due(person)
    give_minutes(here, person, 2)
    assert due(person)["seconds_left"] is None


def test_a_browser_that_says_too_early_that_time_is_up_skips_nothing(open_study: OpenStudy) -> None:
    here = open_study(Limited)
    person = here.arrive()
    due(person)
    here.clock.turn(seconds=30)
    with here.unchanged():
        said = answer(person, timeout=True)
    assert (said.status, list(said["items"])) == (422, ["guess"])


def test_the_time_limit_of_a_page_that_is_never_requested_ends_too(open_study: OpenStudy) -> None:
    here = open_study(Ultimatum, num_participants=2)
    proposer, _ = pair(here)
    answer(proposer, offer=3)
    here.work()
    for _ in range(3):
        here.clock.turn(seconds=40)
        here.work()
    replies = [item["answers"][0]["answer"] for item in here.items("response") if item["page"] == "respond"]
    assert replies[:1] == ["no"]


def test_one_wake_up_is_recorded_for_each_participant_and_again_when_it_came_early(
    open_study: OpenStudy,
) -> None:
    pages = [Page(f"page {number}", seconds=60) for number in range(8)]
    here = open_study(type("Steady", (Study,), {"timeline": [*pages, End()]}))
    person = here.arrive()
    for _ in range(7):
        answer(person)
        due(person)
        assert wake_ups(here) == 1
        here.clock.turn(seconds=21)
        here.work()
        assert wake_ups(here) == 1
    here.clock.turn(minutes=10)
    here.work()
    here.clock.turn(minutes=10)
    here.work()
    assert (wake_ups(here), due(person)["kind"]) == (0, "end")


def test_a_participant_who_never_comes_back_is_brought_to_the_end_and_paid(open_study: OpenStudy) -> None:
    here = open_study(Limited)
    person = here.arrive()
    due(person)
    for _ in range(6):
        here.clock.turn(seconds=63)
        here.work()
    assert stored(here) == [("guess", "timeout", 5), ("look", "timeout", 0)]
    assert here.owed(person)["base"] == "1.50"


class Unhurried(Study):
    """A member of a pair has half as much time again for a page."""

    guess = number("How many?")
    timeline = [Group(2), Page("guess", ask="guess", seconds=60, on_timeout={"guess": 5}), End()]

    def time_factor(self, player):
        return 1.5


def test_a_page_that_is_not_asked_for_stays_open_for_the_time_that_its_participant_has(
    open_study: OpenStudy,
) -> None:
    here = open_study(Unhurried, num_participants=2)
    first, second = here.arrive(), here.arrive()
    due(first)
    due(second)
    # The pair was formed by the second one's request; the first one's page hasn't been sent.
    for _ in range(2):
        here.clock.turn(seconds=40)
        here.work()
    assert due(first)["seconds_left"] == 90
    here.clock.turn(seconds=93)
    here.work()
    assert ("guess", "timeout", 5) in stored(here)
