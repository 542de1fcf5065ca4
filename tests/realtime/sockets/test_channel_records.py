"""What channels store and report of sockets, and what the experiment receives."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.errors import Forbidden
from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso
from chalicelib.operations.realtime import channels, connections
from chalicelib.operations.shared.context import Context
from tests.realtime.conftest import NewStage
from tests.realtime.experiments import Meeting, Pairs, with_members
from tests.realtime.stage import Ear, Stage
from tests.web.world import Person


def client(ear: Ear, person: Person | None) -> dict[str, Any]:
    return {"class": "socket", "id": ear.id, "participant_id": None if person is None else person.id}


def on_channel(event: str, channel: str, ear: Ear, person: Person | None) -> dict[str, Any]:
    return {"type": "channel", "event": event, "channel": channel, "client": client(ear, person)}


def test_a_new_socket_is_stored_with_its_token_channels_and_times(stage: Stage) -> None:
    person, ear = stage.arrive_with_ear("talk", "lounge")
    now = stage.world.clock.now()
    (kept,) = stage.world.items("connection")
    expires = int(now.timestamp()) + 7200
    assert {name: value for name, value in kept.items() if name not in ("pk", "sk", "v")} == {
        "kind": "connection",
        "connection_id": ear.id,
        "participant_id": person.id,
        "serial": 1,
        "channels": ["talk", "lounge"],
        "since": iso(now),
        "seen": iso(now),
        "expires": expires,
    }
    subscribers = [item for item in stage.world.items("subscriber") if item["connection_id"] == ear.id]
    assert sorted((item["pk"], item["participant_id"], item["expires"]) for item in subscribers) == sorted(
        (keys.channel(name), person.id, expires) for name in ("talk", "lounge")
    )


def test_the_operators_socket_has_neither_participant_nor_serial(stage: Stage) -> None:
    stage.connect(None, "talk")
    (kept,) = stage.world.items("connection")
    assert (kept["participant_id"], kept["serial"]) == (None, None)


def test_the_operator_gets_each_connection_and_subscription(stage: Stage) -> None:
    operator = stage.connect(None, "dallinger_control")
    person, ear = stage.arrive_with_ear("talk", "lounge")
    ear.order(type="subscribe", channel="quorum")
    ear.order(type="unsubscribe", channel="lounge")
    ear.hang_up()
    told = [event for event in operator.told("dallinger_control") if event["client"]["id"] == ear.id]
    assert told == [
        {"type": "websocket", "event": "connected", "client": client(ear, person)},
        on_channel("subscribed", "talk", ear, person),
        on_channel("subscribed", "lounge", ear, person),
        on_channel("subscribed", "quorum", ear, person),
        on_channel("unsubscribed", "lounge", ear, person),
        on_channel("unsubscribed", "talk", ear, person),
        on_channel("unsubscribed", "quorum", ear, person),
        {"type": "websocket", "event": "disconnected", "client": client(ear, person)},
    ]


def heard(calls: list[dict[str, Any]]) -> dict[str, Any]:
    def receive_message(self: Any, message: str, **given: Any) -> None:
        participant, node = given["participant"], given["node"]
        assert participant is None or isinstance(participant, Participant)
        calls.append(
            {
                "message": message,
                "channel": given["channel_name"],
                "participant": participant and participant.id,
                "node": node and node.id,
                "time": given["receive_time"],
                "seed": self.random_seed,
            }
        )

    return {"receive_message": receive_message}


@pytest.mark.parametrize("immediate", [True, False])
def test_the_experiment_receives_what_a_participant_says_with_their_newest_node(
    new_stage: NewStage, immediate: bool
) -> None:
    calls: list[dict[str, Any]] = []
    stage = new_stage(with_members(Meeting, immediate=immediate, experiment_repeats=2, **heard(calls)))
    person, ear = stage.arrive_with_ear("talk")
    del calls[:]
    now = stage.world.clock.now()
    expected = {"channel": "talk", "participant": person.id, "time": now}
    ear.say("talk:one")
    nodes = [person.join(), person.join()]
    ear.say("talk:two")
    assert calls == [
        {**expected, "message": "one", "node": None, "seed": f"seed|{person.id}|hear|talk|0"},
        {**expected, "message": "two", "node": nodes[-1], "seed": f"seed|{person.id}|hear|talk|0"},
    ]


@pytest.mark.parametrize(
    ("channel", "own", "reaches"),
    [
        ("talk", "talk", True),
        ("lounge", "talk", True),
        ("room-1", "talk", True),
        ("network-1", "talk", True),
        ("participant-1", "talk", False),
        ("other", "talk", False),
        ("talk", None, False),
        ("room-1", None, False),
        ("lounge", None, False),
    ],
)
def test_the_experiment_receives_its_own_public_and_group_channels(
    new_stage: NewStage, channel: str, own: str | None, reaches: bool
) -> None:
    stage = new_stage(with_members(Meeting, channel=own))
    assert stage.world.app.run(channels.reaches_experiment, channel) is reaches


@pytest.mark.parametrize(
    ("immediate", "channel", "expected"),
    [(True, "any", True), (False, "talk", False), (("talk",), "talk", True), (("talk",), "lounge", False)],
)
def test_a_channel_is_immediate_if_the_experiment_lists_it(
    new_stage: NewStage, immediate: Any, channel: str, expected: bool
) -> None:
    stage = new_stage(with_members(Meeting, immediate=immediate))
    assert stage.world.app.run(channels.is_immediate, channel) is expected


def test_control_events_reach_the_experiment_and_the_operator_in_order(new_stage: NewStage) -> None:
    calls: list[dict[str, Any]] = []
    stage = new_stage(with_members(Meeting, **heard(calls)))
    operator = stage.connect(None, "dallinger_control")
    del calls[:]
    events = [{"n": 1}, {"n": 2}]
    deliveries = stage.world.app.run(channels.publish_control_events, events)
    texts = [json.dumps(event) for event in events]
    assert [(call["message"], call["channel"], call["participant"]) for call in calls] == [
        (text, "dallinger_control", None) for text in texts
    ]
    assert [(delivery.text, delivery.connection_ids) for delivery in deliveries] == [
        (f"dallinger_control:{text}", [operator.id]) for text in texts
    ]


def test_without_a_channel_of_its_own_an_experiment_gets_no_control_events(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, channel=None))
    operator = stage.connect(None, "dallinger_control")
    stage.arrive_with_ear("quorum")
    assert operator.frames == []


@pytest.mark.parametrize(("seconds", "listens"), [(7199, True), (7200, False)])
def test_a_listener_is_one_until_the_socket_expires(stage: Stage, seconds: int, listens: bool) -> None:
    person, ear = stage.arrive_with_ear("talk")
    stage.world.clock.turn(seconds=seconds)
    expected = [ear.id] if listens else []
    assert stage.world.app.run(channels.listeners, "talk") == expected
    delivery = stage.world.app.run(channels.publish, "talk", "hello")
    assert (delivery.text, delivery.connection_ids) == ("talk:hello", expected)
    told = stage.world.app.run(channels.send_to, [person.id, 1], "talk", "you")
    assert (told.text, sorted(set(told.connection_ids))) == ("talk:you", expected)


@pytest.mark.parametrize(("seconds", "kept"), [(9.9, 1), (10, 0)])
def test_a_connection_that_was_reported_closed_is_forgotten_unless_it_is_young(
    stage: Stage, seconds: float, kept: int
) -> None:
    _, ear = stage.arrive_with_ear("talk")
    stage.world.clock.turn(seconds=seconds)
    stage.world.app.run(channels.forget_connections, ["unknown", ear.id])
    assert [len(stage.world.items(kind)) for kind in ("connection", "subscriber")] == [kept, kept]


def test_a_heartbeat_of_the_operators_socket_is_stored(stage: Stage) -> None:
    operator = stage.connect(None, "talk")
    operator.beat()
    (kept,) = stage.world.items("connection")
    assert kept["beats"] is True


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        ("quorum", "not_yours"),
        ("dallinger_control", "not_yours"),
        ("participant-1", "not_yours"),
        ("room-1", ""),
        ("room-01", "unknown_channel"),
        ("room-2", "not_yours"),
        ("network-1", ""),
        ("network-2", "not_yours"),
        ("network-x", "unknown_channel"),
        ("elsewhere", "unknown_channel"),
        ("talk", ""),
        ("lounge", ""),
    ],
)
def test_a_participant_publishes_on_public_channels_and_those_of_their_groups(
    new_stage: NewStage, channel: str, code: str
) -> None:
    stage = new_stage(Pairs)
    person, ear = stage.arrive_with_ear("talk")
    stage.arrive()
    stage.wait(1)
    person.join()

    def publish(ctx: Context) -> str:
        try:
            channels._require_may_publish(ctx, connections.connection_of(ctx, ear.id), channel)
        except Forbidden as refusal:
            return refusal.code
        return ""

    assert stage.world.app.run(publish) == code
