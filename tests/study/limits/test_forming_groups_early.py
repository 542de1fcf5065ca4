"""The operator sees who waits for a group, and forms one of them before it is full."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import InvalidState
from chalicelib.operations.management.run_state.live_actions import form_group_now
from chalicelib.operations.management.run_state.live_state import live_state
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.study.limits.test_members_who_are_gone import Game
from tests.study.studies import OpenStudy, due
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


def test_no_group_is_formed_of_fewer_than_its_minimum(open_study: OpenStudy) -> None:
    here = open_study(Game)
    (person,) = waiting(here, 1)
    with here.unchanged(), pytest.raises(InvalidState):
        act(here, form_group_now, "group")
    assert due(person)["kind"] == "wait"
