"""Rooms that an operator opens by hand: who gets a seat, what is refused, and two openings at one moment."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import InvalidState
from chalicelib.operations.realtime import waiting_rooms
from tests.realtime.conftest import NewStage
from tests.realtime.experiments import Meeting, with_members
from tests.realtime.rooms.test_room_rules import ask, at_one_moment, never_overrecruited
from tests.realtime.stage import Stage


def fours(new_stage: NewStage, **members: Any) -> Stage:
    return new_stage(with_members(Meeting, room_size=4, is_overrecruited=never_overrecruited, **members))


def test_those_who_wait_get_a_room_that_is_not_full(new_stage: NewStage) -> None:
    stage = fours(new_stage, min_size=2)
    people = [stage.arrive_with_ear() for _ in range(3)]
    assert ask(stage, waiting_rooms.open_room_now) == [person.id for person, _ in people]
    assert stage.rooms() == [[1, 2, 3]]
    assert all(stage.state(person)["room"] == 1 for person, _ in people)


def test_a_room_has_no_more_members_than_a_full_one(new_stage: NewStage) -> None:
    stage = fours(new_stage)
    for _ in range(6):
        stage.world.arrive()
    assert ask(stage, waiting_rooms.open_room_now) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("here", "members", "words"),
    [
        (0, {}, "need at least 1 participant, and 0 with an open page wait"),
        (1, {"min_size": 2}, "need at least 2 participants, and 1 with an open page wait"),
    ],
)
def test_too_few_get_no_room(new_stage: NewStage, here: int, members: dict[str, Any], words: str) -> None:
    stage = fours(new_stage, **members)
    for _ in range(here):
        stage.arrive()
    with stage.world.unchanged(), pytest.raises(InvalidState, match=words):
        stage.world.app.run(waiting_rooms.open_room_now)


def test_a_participant_who_has_left_gets_no_seat_and_is_not_counted(new_stage: NewStage) -> None:
    stage = fours(new_stage, min_size=2)
    gone, stays, other = (stage.world.arrive() for _ in range(3))
    gone.post("/withdraw", {"participant_id": gone.id})
    assert ask(stage, waiting_rooms.open_room_now) == [stays.id, other.id]


def test_no_room_opens_beyond_the_number_of_rooms(new_stage: NewStage) -> None:
    stage = fours(new_stage, rooms=1)
    stage.arrive()
    ask(stage, waiting_rooms.open_room_now)
    stage.world.arrive()
    with pytest.raises(InvalidState, match="all rooms that the experiment allows are open"):
        stage.world.app.run(waiting_rooms.open_room_now)
    assert stage.rooms() == [[1]]


@pytest.mark.parametrize("meanwhile", [waiting_rooms.open_room_now, waiting_rooms.form_rooms])
def test_two_openings_at_one_moment_seat_each_participant_once(new_stage: NewStage, meanwhile: Any) -> None:
    stage = fours(new_stage, min_size=2)
    for _ in range(5):
        stage.world.arrive()
    with pytest.raises(InvalidState, match="and 1 with an open page wait"):
        at_one_moment(stage, meanwhile, waiting_rooms.open_room_now)
    assert stage.rooms() == [[1, 2, 3, 4]]
