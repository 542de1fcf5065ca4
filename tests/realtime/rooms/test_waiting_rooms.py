"""Quorum and rooms, one person at a time; crowds are in `test_arrivals.py`."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.errors import ExperimentError
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso
from chalicelib.operations.realtime import channels, presence, waiting_rooms
from chalicelib.operations.shared.context import Context
from tests.realtime.conftest import NewStage
from tests.realtime.experiments import Meeting, Pairs, Trio, with_members
from tests.realtime.stage import Stage
from tests.web.world import Person


def never_overrecruited(self: Meeting, waiting_count: int) -> bool:
    return False


@pytest.fixture
def trio(new_stage: NewStage) -> Stage:
    return new_stage(Trio)


@pytest.fixture
def pairs(new_stage: NewStage) -> Stage:
    return new_stage(Pairs)


# -- one room --------------------------------------------------------------------------------------


def test_a_new_participant_gets_the_state_of_the_room(trio: Stage) -> None:
    said = trio.world.post(
        "/participant", {"workerId": "w", "hitId": "h", "assignmentId": "a", "mode": "debug"}
    )
    assert said["quorum"] == {"q": 3, "n": 1, "overrecruited": False}


def test_waiting_participants_are_notified_of_new_ones(trio: Stage) -> None:
    _, ear = trio.arrive_with_ear()
    trio.arrive_with_ear()
    trio.wait(1)
    assert ear.told()[-1] == {"q": 3, "n": 2, "overrecruited": False}


def test_a_subscriber_who_joins_while_another_arrives_gets_both_states(trio: Stage) -> None:
    first = trio.arrive()
    trio.wait(0.1)
    ear = trio.connect(first, "quorum")
    trio.wait(0.1)
    trio.arrive()
    trio.wait(1)
    assert ear.told()[-1]["n"] == 2


def test_the_room_opens_for_all_when_it_is_full(trio: Stage) -> None:
    ears = [trio.arrive_with_ear()[1] for _ in range(3)]
    trio.wait(1)
    assert [ear.told()[-1] for ear in ears] == [{"q": 3, "n": 3, "overrecruited": False, "room": 1}] * 3


def test_no_participant_sees_a_full_room_before_it_opens(trio: Stage) -> None:
    _, ear = trio.arrive_with_ear()
    trio.arrive(), trio.arrive()
    assert all(state["n"] < 3 for state in ear.told())


def test_the_experiment_gets_the_members_of_a_room(trio: Stage) -> None:
    people = [trio.arrive_with_ear()[0].id for _ in range(3)]
    trio.wait(1)
    assert trio.journal("opened") == [["opened", 1, people]]


def test_a_page_that_only_asks_sees_the_room_open(trio: Stage) -> None:
    people = [trio.arrive() for _ in range(3)]
    trio.wait(1)
    assert trio.state(people[0]) == {"q": 3, "n": 3, "overrecruited": False, "room": 1}


def test_a_participant_who_comes_when_the_room_is_full_is_overrecruited(trio: Stage) -> None:
    for _ in range(3):
        trio.arrive()
    trio.wait(1)
    late = trio.arrive()
    assert (late.now()["status"], trio.state(late)["overrecruited"]) == ("overrecruited", True)


def test_of_two_who_come_for_one_seat_the_later_is_sent_home(trio: Stage) -> None:
    people = [trio.arrive() for _ in range(2)]
    trio.wait(1)
    last = [trio.arrive_with_ear(), trio.arrive_with_ear()]
    trio.wait(1)
    assert trio.rooms() == [[*(one.id for one in people), last[0][0].id]]
    assert last[1][0].now()["status"] == "overrecruited"


def test_a_participant_who_is_overrecruited_by_a_race_is_notified(new_stage: NewStage) -> None:
    never = with_members(Trio, is_overrecruited=never_overrecruited)
    stage = new_stage(never)
    ears = [stage.arrive_with_ear()[1] for _ in range(4)]
    stage.wait(1)
    assert ears[3].told()[-1]["overrecruited"] is True


def test_a_participant_who_was_overrecruited_gets_base_pay(trio: Stage) -> None:
    for _ in range(3):
        trio.arrive()
    trio.wait(1)
    late = trio.arrive()
    assert late.finish().status == 200
    trio.world.work()
    assert trio.world.owed(late) == {"base": "1.50"}


def test_a_burst_of_arrivals_is_announced_once(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, quorum=30))
    _, ear = stage.arrive_with_ear()
    stage.wait(1)
    before = len(ear.frames)
    for _ in range(20):
        stage.arrive()
    stage.wait(1)
    assert [state["n"] for state in ear.told()[before:]] == [21]


def test_without_a_quorum_no_participant_waits(new_stage: NewStage) -> None:
    said = new_stage(Meeting).world.post(
        "/participant", {"workerId": "w", "hitId": "h", "assignmentId": "a", "mode": "debug"}
    )
    assert "quorum" not in said.body


# -- many rooms ------------------------------------------------------------------------------------


def test_rooms_fill_one_after_the_other(pairs: Stage) -> None:
    people = [pairs.arrive().id for _ in range(6)]
    pairs.wait(1)
    assert pairs.rooms() == [people[0:2], people[2:4], people[4:6]]


def test_a_participant_who_is_left_over_waits_for_the_next_room(pairs: Stage) -> None:
    for _ in range(2):
        pairs.arrive()
    pairs.wait(1)
    alone = pairs.arrive()
    pairs.wait(1)
    state = pairs.state(alone)
    assert (state["q"], state["n"], "room" in state) == (2, 1, False)


def test_the_number_of_rooms_has_an_end(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Pairs, rooms=2))
    people = [stage.arrive() for _ in range(5)]
    stage.wait(1)
    assert [len(room) for room in stage.rooms()] == [2, 2]
    assert [one.now()["status"] for one in people] == ["working"] * 4 + ["overrecruited"]


def test_the_experiment_may_group_waiting_participants(new_stage: NewStage) -> None:
    def by_worker(self: Meeting, waiting: list[Participant]) -> list[list[Participant]]:
        odd = [one for one in waiting if one.id % 2]
        return [odd[:2]] if len(odd) > 1 else []

    stage = new_stage(with_members(Pairs, group_by=by_worker))
    people = [stage.arrive().id for _ in range(4)]
    stage.wait(1)
    assert stage.rooms() == [[one for one in people if one % 2]]


def seats_twice(waiting: list[Participant]) -> list[list[Participant]]:
    return [waiting, waiting]


def seats_a_stranger(waiting: list[Participant]) -> list[list[Any]]:
    return [[*waiting, SimpleNamespace(id=999)]]


@pytest.mark.parametrize("grouped", [seats_twice, seats_a_stranger])
def test_a_grouping_that_seats_a_participant_twice_or_a_stranger_is_refused(
    new_stage: NewStage, grouped: Callable[..., object]
) -> None:
    stage = new_stage(with_members(Pairs, group_by=staticmethod(grouped)))
    stage.world.arrive()
    with pytest.raises(ExperimentError, match="group_by"):
        stage.world.app.run(waiting_rooms.form_rooms)


def test_more_rooms_than_one_commit_takes_are_formed_in_several(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)
    for _ in range(2 * waiting_rooms.MAX_PER_COMMIT + 2):
        stage.world.arrive()
    stage.wait(2)
    assert [len(room) for room in stage.rooms()] == [2] * (waiting_rooms.MAX_PER_COMMIT + 1)


def test_more_people_than_one_commit_takes_are_sent_home(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Trio, is_overrecruited=never_overrecruited))
    for _ in range(3 + 2 * waiting_rooms.MAX_PER_COMMIT):
        stage.world.arrive()
    stage.wait(3)
    assert stage.world.items("waiting") == []


# -- ghosts ----------------------------------------------------------------------------------------


def test_a_participant_who_closes_the_page_leaves_the_room(trio: Stage) -> None:
    _, stays = trio.arrive_with_ear()
    _, goes = trio.arrive_with_ear()
    goes.hang_up()
    trio.wait(4)
    assert stays.told()[-1]["n"] == 1


def test_their_seat_is_free_again(pairs: Stage) -> None:
    _, goes = pairs.arrive_with_ear()
    goes.hang_up()
    pairs.wait(4)
    people = [pairs.arrive_with_ear()[0].id for _ in range(2)]
    pairs.wait(1)
    assert pairs.rooms() == [people]


def test_a_reload_keeps_the_place(pairs: Stage) -> None:
    person, ear = pairs.arrive_with_ear()
    ear.hang_up()
    pairs.connect(person, "quorum")
    pairs.wait(4)
    other = pairs.arrive()
    pairs.wait(1)
    assert pairs.rooms() == [[person.id, other.id]]


def test_a_reload_keeps_the_time_of_waiting(trio: Stage) -> None:
    person, ear = trio.arrive_with_ear()
    since = trio.state(person)["since"]
    trio.wait(30)
    ear.hang_up()
    trio.connect(person, "quorum")
    assert trio.state(person)["since"] == since


def test_a_participant_who_comes_back_later_waits_again(trio: Stage) -> None:
    person, ear = trio.arrive_with_ear()
    ear.hang_up()
    trio.wait(60)
    trio.connect(person, "quorum")
    trio.wait(1)
    assert trio.state(person)["n"] == 1


def test_a_page_that_asks_over_http_is_still_there(trio: Stage) -> None:
    person, ear = trio.arrive_with_ear()
    trio.wait(20)
    ear.hang_up()
    trio.wait(1)
    trio.state(person)
    trio.wait(10)
    assert len(trio.world.items("waiting")) == 1


def test_a_page_whose_heart_stopped_gets_no_seat(pairs: Stage) -> None:
    _, ear = pairs.arrive_with_ear()
    ear.beat()
    pairs.wait(waiting_rooms.PRESENCE_TIMEOUT + 1)
    other = pairs.arrive()
    pairs.wait(1)
    assert (pairs.rooms(), pairs.state(other)["n"]) == ([], 1)


def test_a_page_whose_heart_beats_keeps_its_seat(pairs: Stage) -> None:
    person, ear = pairs.arrive_with_ear()
    for _ in range(10):
        pairs.wait(30)
        ear.beat()
    other = pairs.arrive()
    pairs.wait(1)
    assert pairs.rooms() == [[person.id, other.id]]


def test_an_open_socket_that_never_beat_counts_as_there(pairs: Stage) -> None:
    person, _ = pairs.arrive_with_ear()
    pairs.wait(600)
    other = pairs.arrive()
    pairs.wait(1)
    assert pairs.rooms() == [[person.id, other.id]]


def test_a_participant_who_withdrew_gets_no_seat(pairs: Stage) -> None:
    gone = pairs.arrive()
    assert gone.post("/withdraw", {"participant_id": gone.id}).status == 200
    people = [pairs.arrive().id for _ in range(2)]
    pairs.wait(1)
    assert pairs.rooms() == [people]


@pytest.fixture
def leaving(pairs: Stage) -> tuple[Stage, Person]:
    """Two waiting participants; the first has closed the page, which isn't recorded yet."""
    person, ear = pairs.arrive_with_ear()
    pairs.arrive_with_ear()
    ear.vanish()
    pairs.world.app.run(channels.disconnect, ear.id)
    return pairs, person


def leave_while_a_room_forms(stage: Stage, person: Person) -> None:
    """Remove a participant from the lobby while a room is formed with them between read and commit."""
    forming = [waiting_rooms.form_rooms]

    def leave(ctx: Context) -> None:
        presence.check_disconnected(ctx, person.id, iso(ctx.now) or "")
        if forming:
            stage.world.app.run(forming.pop())

    stage.world.app.run(leave)
    stage.wait(1)


def test_a_participant_who_is_seated_while_leaving_keeps_the_seat(leaving: tuple[Stage, Person]) -> None:
    stage, person = leaving
    leave_while_a_room_forms(stage, person)
    assert stage.rooms()[0][0] == person.id


def test_and_counts_as_gone_from_their_room(leaving: tuple[Stage, Person]) -> None:
    stage, person = leaving
    leave_while_a_room_forms(stage, person)
    assert stage.journal("disconnected") == [["disconnected", person.id]]


# -- waiting too long ------------------------------------------------------------------------------


@pytest.fixture
def hurried(new_stage: NewStage) -> Stage:
    return new_stage(with_members(Meeting, room_size=4, waiting_timeout=5))


def test_a_participant_who_waits_too_long_is_released(hurried: Stage) -> None:
    person, ear = hurried.arrive_with_ear()
    hurried.wait(301)
    assert (ear.told()[-1]["released"], hurried.state(person)["released"]) == (True, True)


def test_and_is_paid(hurried: Stage) -> None:
    person, _ = hurried.arrive_with_ear()
    hurried.wait(301)
    person.finish()
    hurried.world.work()
    assert (person.now()["status"], hurried.world.owed(person)) == ("approved", {"base": "1.50"})


def test_a_participant_who_was_released_gets_no_seat(hurried: Stage) -> None:
    person, _ = hurried.arrive_with_ear()
    hurried.wait(301)
    others = [hurried.arrive_with_ear()[0].id for _ in range(4)]
    hurried.wait(1)
    assert (person.id in others, hurried.rooms()) == (False, [others])


def test_a_smaller_room_opens_when_enough_are_there(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, room_size=4, waiting_timeout=5, min_size=2))
    people = [stage.arrive_with_ear() for _ in range(3)]
    stage.wait(301)
    assert stage.rooms() == [[person.id for person, _ in people]]
    assert people[0][1].told()[-1] == {"q": 3, "n": 3, "overrecruited": False, "room": 1}


def test_too_few_participants_are_released(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, room_size=4, waiting_timeout=5, min_size=3))
    person, _ = stage.arrive_with_ear()
    stage.arrive_with_ear()
    stage.wait(301)
    assert (stage.rooms(), stage.state(person)["released"]) == ([], True)


def test_a_participant_who_got_a_seat_in_time_stays(hurried: Stage) -> None:
    people = [hurried.arrive_with_ear()[0] for _ in range(4)]
    hurried.wait(301)
    assert "released" not in hurried.state(people[0])


def test_a_crash_that_swallows_the_nudge_is_made_good_by_the_clock(pairs: Stage) -> None:
    people: list[Person] = [pairs.world.arrive() for _ in range(2)]
    pairs.world.app.queue = type(pairs.world.app.queue)(pairs.world.clock)
    pairs.wait(60)
    assert pairs.rooms() == [[one.id for one in people]]


def test_pages_look_less_often_the_more_people_wait(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, room_size=600))
    first = stage.arrive()
    few = first.get(f"/waiting-room/{first.id}")["look_after"]
    for _ in range(299):
        stage.arrive()
    assert (few, first.get(f"/waiting-room/{first.id}")["look_after"]) == (10, 15)
