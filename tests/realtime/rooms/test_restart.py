"""A run that goes on in a new process: its old sockets are dead, their people may be back in a moment."""

from __future__ import annotations

import pytest

from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.operations.realtime import presence
from chalicelib.operations.shared.context import Context
from chalicelib.workers import scheduler
from infra.local.consumer import MessageConsumer
from tests.realtime.conftest import NewStage
from tests.realtime.experiments import Pairs
from tests.realtime.stage import Ear, Stage
from tests.web.world import Person

GRACE = 15.0
Pair = tuple[Stage, tuple[Person, Ear], tuple[Person, Ear]]


@pytest.fixture
def pair(new_stage: NewStage) -> Pair:
    """Two people in a room, with a node each."""
    stage = new_stage(Pairs)
    one, other = (stage.arrive_with_ear("quorum", "talk") for _ in range(2))
    stage.wait(1)
    one[0].join()
    other[0].join()
    return stage, one, other


def start_again(stage: Stage) -> None:
    """Kill and restart the process without any event for its closed sockets."""
    for item in stage.world.items("connection"):
        stage.sockets.closed(item["connection_id"])
    scheduler.forget_sockets()
    scheduler.resend_due_messages(min_age=0)
    stage.world.work()


def test_the_old_sockets_are_deleted(pair: Pair) -> None:
    stage, _, _ = pair
    start_again(stage)
    assert (stage.world.items("connection"), stage.world.items("subscriber")) == ([], [])


def test_a_participant_who_is_back_soon_is_not_a_dropout(pair: Pair) -> None:
    stage, (one, _), (other, _) = pair
    start_again(stage)
    stage.wait(presence.RESTART_SECONDS - 5)
    for person in (one, other):
        stage.connect(person, "talk")
    stage.wait(GRACE * 4)
    assert stage.journal("disconnected") == []


def test_a_participant_who_stays_away_is_a_dropout(pair: Pair) -> None:
    stage, (one, _), (other, _) = pair
    start_again(stage)
    stage.connect(one, "talk")
    stage.wait(presence.RESTART_SECONDS + 1)
    assert stage.journal("disconnected") == [["disconnected", other.id]]


def test_a_look_that_was_due_before_finds_no_participant_gone(pair: Pair) -> None:
    stage, (one, ear), _ = pair
    ear.hang_up()
    stage.connect(one, "talk")
    stage.world.clock.turn(seconds=GRACE + 1)
    start_again(stage)
    assert stage.journal("disconnected") == []


def test_a_participant_who_was_gone_before_the_restart_is_still_a_dropout(pair: Pair) -> None:
    stage, (one, ear), _ = pair
    ear.hang_up()
    stage.world.clock.turn(seconds=GRACE + 1)
    start_again(stage)
    assert stage.journal("disconnected") == [["disconnected", one.id]]


def test_a_participant_who_waits_keeps_the_place(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)
    person, _ = stage.arrive_with_ear()
    stage.wait(40)
    since = stage.state(person)["since"]
    start_again(stage)
    stage.wait(20)
    stage.connect(person, "quorum")
    stage.wait(40)
    assert stage.state(person)["since"] == since


def test_a_participant_who_waited_and_stays_away_leaves_the_room(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)
    stage.arrive_with_ear()
    start_again(stage)
    stage.wait(presence.RESTART_SECONDS + 1)
    assert stage.world.items("waiting") == []


def test_a_message_due_later_is_handled_on_time(pair: Pair) -> None:
    stage, _, _ = pair
    stage.world.app.run(_ring_in_a_second)
    stage.world.app.queue = LocalQueue(stage.world.clock)
    messages = MessageConsumer(stage.world.app)
    assert 0 < (messages.next_due() or 0) <= 1


def _ring_in_a_second(ctx: Context) -> None:
    ctx.experiment.after(1, "note")
