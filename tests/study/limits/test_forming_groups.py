"""Groups form: their roles are drawn, and the operator forms one of those who wait before it is full."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import InvalidState
from chalicelib.operations.management.run_state.live_actions import form_group_now
from chalicelib.operations.management.run_state.live_state import live_state
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.operations.study.groups.group_forming import form_groups, release_waiting
from petri.study import End, Form, Group, Page, Rounds, Study, number
from tests.study.limits.test_members_who_are_gone import Game
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, World


def act(here: World, operation: Any, *arguments: Any) -> Any:
    return here.app.run(operation, *arguments, caller=OPERATOR_CALLER)


def waiting(here: World, count: int) -> list[Person]:
    people = []
    for _ in range(count):
        people.append(here.arrive())
        due(people[-1])
        here.clock.turn(seconds=5)
    return people


def test_the_operator_sees_since_when_each_participant_waits_for_a_group(open_study: OpenStudy) -> None:
    here = open_study(Game)
    began = here.clock.now()
    people = waiting(here, 2)
    state = act(here, live_state)
    assert [(one.participant_id, (one.since - began).total_seconds()) for one in state.waiting] == [
        (people[0].id, 0),
        (people[1].id, 5),
    ]
    (early,) = state.early_groups
    assert (early.at, early.next_group) == ("group", [person.id for person in people])


def test_those_who_wait_play_at_once_when_the_operator_forms_their_group(open_study: OpenStudy) -> None:
    here = open_study(Game)
    people = waiting(here, 2)
    formed = act(here, form_group_now, "group")
    assert formed.members == [person.id for person in people]
    assert [due(person)["page"] for person in people] == ["name", "name"]


def test_the_roles_of_each_group_are_drawn_again(open_study: OpenStudy) -> None:
    timeline = (Group(2, roles=["buyer", "seller"], shuffle=True), Page("trade"), End())
    here = open_study(type("Drawn", (Study,), {"timeline": timeline}))
    waiting(here, 16)
    here.work()
    orders = {tuple(one["role"] for one in group["members"]) for group in here.items("study_group")}
    assert orders == {("buyer", "seller"), ("seller", "buyer")}


def match_by_age(study: Any, players: list[Any]) -> list[list[Any]]:
    """Put two people of the same age together."""
    assert study.run_config is not None
    of_age = [[one for one in players if one.age == age] for age in {player.age for player in players}]
    return [same[:2] for same in of_age if len(same) >= 2]


class Aged(Study):
    """Pairs of the same age."""

    age = number("How old are you?")
    timeline = (Form("you", ask="age"), Group(2, match=match_by_age), Page("talk"), End())


def test_a_function_of_the_study_says_who_plays_together(open_study: OpenStudy) -> None:
    here = open_study(Aged)
    people = [here.arrive() for _ in range(3)]
    for person, age in zip(people, (20, 30, 20), strict=True):
        answer(person, age=age)
    here.work()
    assert [due(person)["kind"] for person in people] == ["page", "wait", "page"]
    (group,) = here.items("study_group")
    assert [one["participant_id"] for one in group["members"]] == [people[0].id, people[2].id]


def test_forming_groups_says_whether_it_has_changed_anything(open_study: OpenStudy) -> None:
    here = open_study(Game)
    (person,) = waiting(here, 1)
    assert here.app.run(form_groups, "group", person.id) is False
    here.clock.turn(minutes=6)
    assert here.app.run(form_groups, "group", person.id) is True


def test_nothing_has_changed_where_no_two_of_those_who_wait_match(open_study: OpenStudy) -> None:
    here = open_study(Aged)
    people = [here.arrive() for _ in range(2)]
    for person, age in zip(people, (20, 30), strict=True):
        answer(person, age=age)
    assert here.app.run(form_groups, "group", people[0].id) is False


def test_those_who_wait_are_released_once(open_study: OpenStudy) -> None:
    here = open_study(Aged)
    for person, age in zip([here.arrive() for _ in range(2)], (20, 30), strict=True):
        answer(person, age=age)
    assert [here.app.run(release_waiting, "group", "It fails.") for _ in range(2)] == [True, False]


class Partners(Study):
    """Two rounds of the same pair, with a time limit."""

    mine = number("Which number?", minimum=0, maximum=10)
    timeline = (
        Rounds(
            2,
            [
                Group(2, match="partners"),
                Page("play", ask="mine", seconds=60, on_timeout={"mine": 1}),
            ],
        ),
        End(),
    )


def test_a_partner_whose_time_is_over_is_answered_for_when_the_other_one_asks(open_study: OpenStudy) -> None:
    here = open_study(Partners)
    quick, slow = [here.arrive() for _ in range(2)]
    for person in (quick, slow):
        due(person)
    here.work()
    for person in (quick, slow):
        due(person)
    assert answer(quick, mine=3)["kind"] == "wait"
    here.clock.turn(seconds=63)
    again = due(quick)
    assert (again["page"], again["path"]) == ("play", "rounds[2]/play")


def test_each_member_of_a_group_has_a_node_of_their_own(open_study: OpenStudy) -> None:
    here = open_study(Aged)
    people = [here.arrive() for _ in range(2)]
    for person in people:
        answer(person, age=20)
    here.work()
    (group,) = here.items("study_group")
    nodes = {node["id"]: node["participant_id"] for node in here.items("node")}
    assert nodes == {one["node_id"]: one["participant_id"] for one in group["members"]}


def test_no_group_is_formed_of_fewer_than_its_minimum(open_study: OpenStudy) -> None:
    here = open_study(Game)
    (person,) = waiting(here, 1)
    with here.unchanged(), pytest.raises(InvalidState):
        act(here, form_group_now, "group")
    assert due(person)["kind"] == "wait"
