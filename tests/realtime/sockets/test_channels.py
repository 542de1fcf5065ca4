"""Messages on a channel reach its subscribers and the experiment."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.workers import queue_consumer
from tests.realtime.conftest import NewStage
from tests.realtime.experiments import Meeting, with_members
from tests.realtime.stage import Stage

TWO_HOURS = 2 * 3600


def test_every_subscriber_gets_a_frame_the_sender_included(stage: Stage) -> None:
    ears = [stage.arrive_with_ear("talk")[1] for _ in range(3)]
    ears[0].say("talk:hello")
    assert [ear.heard("talk") for ear in ears] == [["hello"]] * 3


def test_a_frame_keeps_colons_and_spaces(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk")
    ear.say("talk: a: b ")
    assert ear.frames == ["talk: a: b "]


def test_a_socket_listens_to_several_channels(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk", "lounge")
    ear.say("talk:one")
    ear.say("lounge:two")
    assert ear.frames == ["talk:one", "lounge:two"]


def test_several_channels_may_stand_in_one_parameter(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk,lounge")
    ear.say("lounge:hello")
    assert ear.heard("lounge") == ["hello"]


def test_a_subscriber_who_listens_elsewhere_hears_nothing(stage: Stage) -> None:
    _, speaker = stage.arrive_with_ear("talk")
    _, other = stage.arrive_with_ear("lounge")
    speaker.say("talk:hello")
    assert other.frames == []


def test_a_subscriber_who_subscribes_later_hears_from_then_on(stage: Stage) -> None:
    _, speaker = stage.arrive_with_ear("talk")
    _, other = stage.arrive_with_ear("lounge")
    speaker.say("talk:before")
    other.order(type="subscribe", channel="talk")
    speaker.say("talk:after")
    assert other.heard("talk") == ["after"]


def test_a_subscriber_who_unsubscribes_hears_no_more(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk", "lounge")
    ear.order(type="unsubscribe", channel="talk")
    ear.say("talk:hello")
    assert ear.heard("talk") == []


def test_a_subscription_ends_after_two_hours_though_it_was_never_closed(stage: Stage) -> None:
    _, old = stage.arrive_with_ear("talk")
    stage.world.clock.turn(seconds=TWO_HOURS + 1)
    _, new = stage.arrive_with_ear("talk")
    new.say("talk:hello")
    assert old.frames == []


def test_a_subscriber_who_hung_up_is_sent_nothing(stage: Stage) -> None:
    _, speaker = stage.arrive_with_ear("talk")
    _, other = stage.arrive_with_ear("talk")
    other.hang_up()
    assert len(stage.world.items("subscriber")) == 1
    speaker.say("talk:hello")
    assert other.frames == []


def test_posting_to_a_dead_connection_deletes_it(stage: Stage) -> None:
    _, speaker = stage.arrive_with_ear("talk")
    _, dead = stage.arrive_with_ear("talk")
    stage.world.clock.turn(seconds=60)
    dead.vanish()
    speaker.say("talk:hello")
    assert [item["connection_id"] for item in stage.world.items("connection")] == [speaker.id]


def test_a_connection_that_is_still_opening_is_not_deleted(stage: Stage) -> None:
    _, speaker = stage.arrive_with_ear("talk")
    _, opening = stage.arrive_with_ear("talk")
    opening.vanish()
    speaker.say("talk:hello")
    assert opening.id in [item["connection_id"] for item in stage.world.items("connection")]


def test_the_experiment_gets_each_message_with_its_sender_and_node(stage: Stage) -> None:
    person, ear = stage.arrive_with_ear("talk")
    node = person.join()
    ear.say("talk:hello")
    assert stage.journal() == [["heard", "talk", "hello", person.id, node]]


def test_the_experiment_hears_public_channels_and_those_of_groups(stage: Stage) -> None:
    person, ear = stage.arrive_with_ear("lounge")
    node = person.join()
    network = f"network-{node // 100_000}"
    ear.order(type="subscribe", channel=network)
    ear.say("lounge:one")
    ear.say(f"{network}:two")
    assert [(entry[1], entry[2]) for entry in stage.journal("heard")] == [("lounge", "one"), (network, "two")]


def test_an_experiment_without_a_channel_hears_nothing(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, channel=None))
    _, ear = stage.arrive_with_ear("lounge")
    ear.say("lounge:hello")
    assert (ear.heard("lounge"), stage.journal()) == (["hello"], [])


def test_a_hooks_message_reaches_the_subscribers(stage: Stage) -> None:
    ears = [stage.arrive_with_ear("talk")[1] for _ in range(2)]
    ears[0].say("talk:answer me")
    assert [ear.heard("talk") for ear in ears] == [["answer me", "here you are"]] * 2


def test_a_message_that_is_delivered_twice_is_handled_once(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk")
    ear.say("talk:hello", work=False)
    queue = stage.world.app.queue
    assert isinstance(queue, LocalQueue)
    message = queue.take()
    assert message is not None
    queue_consumer.handle(message)
    queue_consumer.handle(message)
    assert len(stage.journal("heard")) == 1


@pytest.mark.parametrize("immediate", [True, {"talk"}, ["talk", "lounge"]])
def test_an_immediate_channel_is_handled_in_the_request_itself(new_stage: NewStage, immediate: Any) -> None:
    stage = new_stage(with_members(Meeting, immediate=immediate))
    _, ear = stage.arrive_with_ear("talk")
    ear.say("talk:hello", work=False)
    assert len(stage.journal("heard")) == 1


def test_other_channels_are_handled_through_the_queue(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, immediate={"lounge"}))
    _, ear = stage.arrive_with_ear("talk")
    ear.say("talk:hello", work=False)
    before = stage.journal("heard")
    stage.world.work()
    assert (before, len(stage.journal("heard"))) == ([], 1)


def test_the_operator_sees_connections_come_and_go(stage: Stage) -> None:
    watching = stage.connect(None, "dallinger_control")
    seen = len(watching.told("dallinger_control"))
    person, ear = stage.arrive_with_ear("talk")
    ear.hang_up()
    client = {"class": "socket", "id": ear.id, "participant_id": person.id}
    assert watching.told("dallinger_control")[seen:] == [
        {"type": "websocket", "event": "connected", "client": client},
        {"type": "channel", "event": "subscribed", "channel": "talk", "client": client},
        {"type": "channel", "event": "unsubscribed", "channel": "talk", "client": client},
        {"type": "websocket", "event": "disconnected", "client": client},
    ]


def test_the_operator_sees_who_unsubscribes(stage: Stage) -> None:
    person, ear = stage.arrive_with_ear("talk", "lounge")
    watching = stage.connect(None, "dallinger_control")
    seen = len(watching.told("dallinger_control"))
    ear.order(type="unsubscribe", channel="lounge")
    client = {"class": "socket", "id": ear.id, "participant_id": person.id}
    assert watching.told("dallinger_control")[seen:] == [
        {"type": "channel", "event": "unsubscribed", "channel": "lounge", "client": client}
    ]


def test_the_experiment_hears_of_connections(new_stage: NewStage) -> None:
    def hear(self: Any, message: str, channel_name: str | None = None, **more: Any) -> None:
        self.note("heard", channel_name, json.loads(message)["event"])

    stage = new_stage(with_members(Meeting, receive_message=hear))
    stage.arrive_with_ear("talk")
    heard = [["heard", "dallinger_control", "connected"], ["heard", "dallinger_control", "subscribed"]]
    assert stage.journal() == heard


def test_draws_of_two_messages_differ(new_stage: NewStage) -> None:
    def hear(self: Any, message: str, channel_name: str | None = None, **more: Any) -> None:
        if channel_name == "talk":
            self.note("drew", self.random.random())

    stage = new_stage(with_members(Meeting, receive_message=hear))
    _, ear = stage.arrive_with_ear("talk")
    ear.say("talk:roll")
    ear.say("talk:roll")
    first, second = (entry[1] for entry in stage.journal("drew"))
    assert first != second


def test_draws_are_the_same_in_the_same_run(new_stage: NewStage) -> None:
    def hear(self: Any, message: str, channel_name: str | None = None, **more: Any) -> None:
        if channel_name == "talk":
            self.note("drew", random.random())

    def run() -> list[list[Any]]:
        stage = new_stage(with_members(Meeting, receive_message=hear))
        _, ear = stage.arrive_with_ear("talk")
        ear.say("talk:roll")
        ear.say("talk:roll")
        return stage.journal("drew")

    assert run() == run()
