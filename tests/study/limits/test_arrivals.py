"""A page that waits for a group says how many people have arrived."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.study.study import Study
from petri.study import Cohort, Element, End, Form, Group, Page, PeerInstruction, Wait, choice, number
from tests.study.limits.test_members_who_are_gone import lose
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, World


class Arrivals(Study):
    mine = number("Which number?", minimum=0, maximum=10)
    vote = choice("Which one?", {"a": "A", "b": "B"}, right="a")


def study(*timeline: Element, **more: Any) -> type[Study]:
    return type("Arriving", (Arrivals,), {"timeline": (*timeline, Page("name"), Wait(), End()), **more})


def arrived(here: World, count: int) -> list[Person]:
    people = [here.arrive() for _ in range(count)]
    for person in people:
        due(person)
    return people


@pytest.mark.parametrize("element", [Group(3), Cohort(3)], ids=["group", "cohort"])
def test_the_page_says_how_many_people_are_here(open_study: OpenStudy, element: Element) -> None:
    here = open_study(study(element))
    one, other = arrived(here, 2)
    assert [due(person)["arrived"] for person in (one, other)] == ["2 of 3 people are here"] * 2
    assert "data-arrived" in due(one)["html"]


def test_the_first_page_of_a_participant_says_it_at_once(open_study: OpenStudy) -> None:
    here = open_study(study(Group(3)))
    assert due(here.arrive())["arrived"] == "1 of 3 people are here"


def test_a_page_of_a_group_that_has_formed_counts_no_one(open_study: OpenStudy) -> None:
    here = open_study(study(Group(2)))
    one, other = arrived(here, 2)
    assert "arrived" not in due(one).body
    later = here.arrive()
    assert due(later)["arrived"] == "1 of 2 people are here"
    assert due(other)["page"] == "name"


def test_the_sentence_is_in_the_language_of_the_study(open_study: OpenStudy) -> None:
    here = open_study(study(Group(3), language="de"))
    assert due(here.arrive())["arrived"] == "1 von 3 Personen sind da"


def test_a_participant_who_has_left_is_not_counted(open_study: OpenStudy) -> None:
    here = open_study(study(Group(3)))
    one, other = arrived(here, 2)
    assert other.post("/withdraw", {"participant_id": other.id}).status == 200
    here.work()
    assert due(one)["arrived"] == "1 of 3 people are here"
    assert [item["participant_id"] for item in here.items("pooled")] == [one.id]


def test_a_participant_who_has_disconnected_is_not_counted_until_they_are_back(open_study: OpenStudy) -> None:
    timed = Form("again", ask="mine", seconds=60, on_timeout={"mine": 1})
    here = open_study(study(Group(2, dropout_policy="autoplay"), timed, Group(3, name="second")))
    one, other = arrived(here, 2)
    lose(other)
    assert answer(one, mine=3)["arrived"] == "1 of 3 people are here"
    due(other)
    assert due(one)["arrived"] == "2 of 3 people are here"


def test_people_of_another_condition_are_not_counted(open_study: OpenStudy) -> None:
    here = open_study(study(Group(2, match="condition"), conditions={"colour": ["red", "blue"]}))
    people = arrived(here, 2)
    colours = {item["condition"]["colour"] for item in here.items("place")}
    assert len(colours) == 2, "each waits for the other one of their colour"
    assert [due(person)["arrived"] for person in people] == ["1 of 2 people are here"] * 2


@pytest.mark.parametrize(
    "timeline",
    [
        pytest.param((Cohort(2), Group(2, match="strangers")), id="strangers"),
        pytest.param((Group(2, match=lambda study, players: []),), id="a function"),
    ],
)
def test_where_certain_people_are_waited_for_no_number_is_given(
    open_study: OpenStudy, timeline: tuple[Element, ...]
) -> None:
    here = open_study(study(*timeline))
    people = arrived(here, 2)
    assert "arrived" not in {key for person in people for key in due(person).body}


def test_peers_who_wait_for_a_discussion_are_not_counted(open_study: OpenStudy) -> None:
    here = open_study(study(PeerInstruction("vote", seconds=60, wait_seconds=30)))
    person = here.arrive()
    said = here.post_json(
        "/page", {"serial": due(person)["serial"], "answers": {"vote": "a"}}, token=person.token
    )
    assert (said["kind"], "arrived" in said.body) == ("wait", False)


def rung(here: World) -> list[set[int]]:
    return [set(body["participant_ids"]) for body in here.work() if body["kind"] == "ring_doorbell"]


def test_the_pages_of_those_who_wait_count_again_when_another_participant_arrives(
    open_study: OpenStudy,
) -> None:
    here = open_study(study(Group(3)))
    (one,) = arrived(here, 1)
    assert rung(here) == []
    (other,) = arrived(here, 1)
    assert rung(here) == [{one.id, other.id}]
    due(one), due(other)
    assert rung(here) == [], "asking again notifies no one"


def test_the_pages_of_many_who_wait_are_not_notified_of_each_arrival(open_study: OpenStudy) -> None:
    here = open_study(study(Group(30)))
    arrived(here, 16)
    assert rung(here) != []
    arrived(here, 1)
    assert rung(here) == []
