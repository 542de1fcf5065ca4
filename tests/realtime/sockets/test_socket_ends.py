"""A socket doesn't outlive what let it in: its token, its time, and its participant's part."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.operations.realtime.channels import MAX_SOCKETS
from chalicelib.operations.realtime.connections import all_connections
from chalicelib.workers import scheduler
from tests.realtime.conftest import NewStage
from tests.realtime.experiments import Meeting
from tests.realtime.stage import Ear, Refused, Stage
from tests.web.world import Person

POLICY_VIOLATION = 1008


def open_again_elsewhere(stage: Stage, person: Person) -> str:
    ids = {"workerId": person.worker_id, "assignmentId": person.assignment_id, "hitId": person.hit_id}
    token: str = stage.world.post("/participant", ids)["token"]
    assert token != person.token
    return token


def is_closed(stage: Stage, ear: Ear) -> bool:
    return ear.closed_with == POLICY_VIOLATION and ear.id not in stage.world.app.run(all_connections)


def end_part(stage: Stage, person: Person) -> None:
    def approve(ctx: Any) -> None:
        participant = ctx.uow.participant(person.id)
        participant.status = "approved"
        ctx.uow.update_status_index(participant)

    stage.world.app.run(approve)


FRAMES = [
    "talk:hello",
    'petri:{"type": "heartbeat"}',
    'petri:{"type": "subscribe", "channel": "lounge"}',
    'petri:{"type": "finished"}',
]


@pytest.mark.parametrize("frame", FRAMES)
def test_a_socket_with_an_expired_token_is_ignored_and_closed(stage: Stage, frame: str) -> None:
    person, old = stage.arrive_with_ear("talk")
    listener = stage.connect(stage.arrive(), "talk")
    person.token = open_again_elsewhere(stage, person)
    new = stage.connect(person, "talk")
    old.say(frame)
    assert (old.errors(), is_closed(stage, old)) == (["socket_ended"], True)
    assert (listener.heard("talk"), new.heard("talk")) == ([], [])
    new.say("talk:here")
    assert listener.heard("talk") == ["here"]


@pytest.mark.parametrize("frame", FRAMES)
def test_a_socket_of_a_participant_who_has_finished_is_ignored_and_closed(stage: Stage, frame: str) -> None:
    person, ear = stage.arrive_with_ear("talk")
    listener = stage.connect(stage.arrive(), "talk")
    end_part(stage, person)
    ear.say(frame)
    assert (ear.errors(), is_closed(stage, ear)) == (["socket_ended"], True)
    assert listener.heard("talk") == []
    with pytest.raises(Refused):
        stage.connect(person, "talk")


def test_a_socket_that_only_listens_is_closed_by_the_clock(stage: Stage) -> None:
    gone, silent = stage.arrive_with_ear("talk")
    elsewhere, old = stage.arrive_with_ear("talk")
    _, stays = stage.arrive_with_ear("talk")
    end_part(stage, gone)
    open_again_elsewhere(stage, elsewhere)
    scheduler._close_silent_sockets()
    assert stage.world.app.run(all_connections) == [stays.id]
    assert (silent.closed_with, old.closed_with, stays.closed_with) == (1001, 1001, None)


def test_a_socket_ends_with_its_token(new_stage: NewStage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = new_stage(Meeting)
    tokens = stage.world.app.tokens
    ends = (stage.world.clock.now().timestamp()) + 60
    monkeypatch.setattr(tokens, "ends", lambda _token: ends)
    _, ear = stage.arrive_with_ear("talk")
    ear.say("talk:in time")
    stage.world.clock.turn(seconds=61)
    ear.say("talk:too late")
    assert (ear.heard("talk"), ear.errors()) == (["in time"], ["socket_ended"])
    assert is_closed(stage, ear)


def test_a_participant_has_a_bounded_number_of_sockets(stage: Stage) -> None:
    person = stage.arrive()
    ears = []
    for _ in range(MAX_SOCKETS + 3):
        stage.world.clock.turn(seconds=1)
        ears.append(stage.connect(person, "talk"))
    assert [ear.closed_with for ear in ears] == [POLICY_VIOLATION] * 3 + [None] * MAX_SOCKETS
    assert sorted(stage.world.app.run(all_connections)) == sorted(ear.id for ear in ears[3:])
    other = stage.connect(stage.arrive(), "talk")
    assert other.closed_with is None


def test_the_operators_socket_stays(stage: Stage) -> None:
    ear = stage.connect(None, "talk")
    scheduler._close_silent_sockets()
    stage.connect(stage.arrive(), "talk").say("talk:hello")
    assert ear.heard("talk") == ["hello"]
