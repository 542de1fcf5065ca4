"""Permissions to subscribe and publish: the table of `operations/realtime/channels.py`, line by line."""

from __future__ import annotations

import pytest

from chalicelib.model.network import Network
from chalicelib.operations.realtime import channels
from tests.realtime.conftest import NewStage
from tests.realtime.experiments import Meeting, Pairs, with_members
from tests.realtime.stage import Refused, Stage
from tests.web.world import Person

FOR_NOBODY = [
    "dallinger_control",
    "elsewhere",
    "room-1",
    "network-1",
    "participant-999",
    "network-",
    "room-x",
]


def refusal(stage: Stage, person: Person | None, *channels: str, **query: object) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        stage.connect(person, *channels, **query)
    return refused.value.status, refused.value.code


@pytest.mark.parametrize("channel", ["talk", "lounge", "quorum", "participant-1"])
def test_a_participant_may_listen(stage: Stage, channel: str) -> None:
    person = stage.arrive()
    assert stage.connect(person, channel).closed_with is None


@pytest.mark.parametrize("channel", FOR_NOBODY)
def test_a_participant_may_not_listen(stage: Stage, channel: str) -> None:
    person = stage.arrive()
    assert refusal(stage, person, channel)[0] == 403


@pytest.mark.parametrize("channel", FOR_NOBODY)
def test_nor_by_subscribing_later(stage: Stage, channel: str) -> None:
    _, ear = stage.arrive_with_ear("talk")
    ear.order(type="subscribe", channel=channel)
    assert ear.errors()[0] in {"unknown_channel", "not_yours"}


@pytest.mark.parametrize("channel", [*FOR_NOBODY, "quorum", "participant-1"])
def test_a_participant_may_not_publish(stage: Stage, channel: str) -> None:
    _, ear = stage.arrive_with_ear("talk")
    ear.say(f"{channel}:hello")
    assert ear.errors()[0] in {"unknown_channel", "not_yours"}


@pytest.mark.parametrize("channel", ["talk", "lounge", "network-1"])
def test_a_participant_may_publish(stage: Stage, channel: str) -> None:
    person, ear = stage.arrive_with_ear("talk", "lounge")
    person.join()
    ear.order(type="subscribe", channel="network-1")
    ear.say(f"{channel}:hello")
    assert ear.heard(channel) == ["hello"]


def test_the_network_of_another_participant_is_closed(stage: Stage) -> None:
    stage.arrive().join()
    assert refusal(stage, stage.arrive(), "network-1") == (403, "not_yours")


def test_a_room_is_open_to_its_members_only(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)
    (one, ear), _ = stage.arrive_with_ear(), stage.arrive_with_ear()
    stage.wait(1)
    member = stage.connect(one, "room-1")
    other = stage.arrive()
    assert (member.closed_with, refusal(stage, other, "room-1")) == (None, (403, "not_yours"))
    assert ear.told()[-1]["room"] == 1


def two_rooms(new_stage: NewStage) -> tuple[Stage, list[Person]]:
    """Two rooms of two; the first two people are in room 1."""
    stage = new_stage(Pairs)
    people = [stage.arrive() for _ in range(4)]
    stage.wait(1)
    assert [len(room) for room in stage.rooms()] == [2, 2]
    return stage, people


@pytest.mark.parametrize("channel", ["room-2", "room-3", "room-0", "room-01", "room-", "room-x", "room-1-2"])
def test_a_member_of_one_room_may_not_use_another_rooms_channel(new_stage: NewStage, channel: str) -> None:
    stage, people = two_rooms(new_stage)
    ear = stage.connect(people[0], "room-1")
    ear.order(type="subscribe", channel=channel)
    ear.say(f"{channel}:hello")
    assert set(ear.errors()) <= {"not_yours", "unknown_channel"}
    assert (len(ear.errors()), refusal(stage, people[0], channel)[0]) == (2, 403)


def test_members_of_a_room_hear_one_another_and_no_other_participant_does(new_stage: NewStage) -> None:
    stage, people = two_rooms(new_stage)
    ears = [stage.connect(person, f"room-{1 + place // 2}") for place, person in enumerate(people)]
    ears[0].say("room-1:hello")
    assert [ear.heard("room-1") for ear in ears] == [["hello"], ["hello"], [], []]


def test_another_participants_own_channel_is_closed(stage: Stage) -> None:
    one, other = stage.arrive(), stage.arrive()
    ear = stage.connect(one, f"participant-{one.id}")
    assert refusal(stage, one, f"participant-{other.id}") == (403, "not_yours")
    ear.order(type="subscribe", channel=f"participant-{other.id}")
    assert ear.errors() == ["not_yours"]


def test_a_network_is_open_to_those_in_it_and_no_other_network_is(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, experiment_repeats=2, choose_network=first_network))
    person = stage.arrive()
    person.join()
    ear = stage.connect(person, "network-1")
    ear.order(type="subscribe", channel="network-2")
    assert (ear.errors(), refusal(stage, person, "network-2")) == (["not_yours"], (403, "not_yours"))


def test_the_second_network_is_open_to_those_in_it_and_the_first_is_not(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, experiment_repeats=2, choose_network=last_network))
    person = stage.arrive()
    assert person.join() // 100_000 == 2
    assert stage.connect(person, "network-2").closed_with is None
    assert refusal(stage, person, "network-1") == (403, "not_yours")


def last_network(self: Meeting, networks: list[Network], participant: object) -> Network:
    return networks[-1]


def first_network(self: Meeting, networks: list[Network], participant: object) -> Network:
    return networks[0]


@pytest.mark.parametrize("channel", ["a" * 80, "A.b_c-9"])
def test_a_channels_name_may_have_eighty_characters(new_stage: NewStage, channel: str) -> None:
    stage = new_stage(with_members(Meeting, public_channels=(channel,)))
    assert stage.connect(stage.arrive(), channel).closed_with is None


@pytest.mark.parametrize("number", [20, 21])
def test_a_socket_listens_to_so_many_channels(stage: Stage, number: int) -> None:
    names = [f"public-{each}" for each in range(number)]
    operator = stage.connect(None, "talk")
    for name in names[1:]:
        operator.order(type="subscribe", channel=name)
    assert operator.errors() == (["too_many_channels"] if number > 20 else [])


def test_listening_twice_to_one_channel_is_listening_once(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk")
    ear.order(type="subscribe", channel="talk")
    ear.say("talk:hello")
    assert (ear.heard("talk"), ear.errors()) == (["hello"], [])


def test_a_subscriber_who_unsubscribes_hears_no_more_and_may_subscribe_again(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk", "lounge")
    ear.order(type="unsubscribe", channel="talk")
    ear.order(type="unsubscribe", channel="talk")
    ear.say("talk:one")
    ear.order(type="subscribe", channel="talk")
    ear.say("talk:two")
    assert ear.heard("talk") == ["two"]


def test_a_socket_of_two_hours_ago_gets_no_message(stage: Stage) -> None:
    _, old = stage.arrive_with_ear("talk")
    stage.world.clock.turn(seconds=2 * 3600)
    _, new = stage.arrive_with_ear("talk")
    new.say("talk:hello")
    assert (old.heard("talk"), new.heard("talk")) == ([], ["hello"])


def test_a_socket_is_deleted_once(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk")
    stage.world.app.run(channels.disconnect, ear.id)
    with stage.world.unchanged():
        stage.world.app.run(channels.disconnect, ear.id)


@pytest.mark.parametrize("channel", ["talk", "dallinger_control", "quorum", "network-1", "elsewhere"])
def test_the_operator_may_subscribe_everywhere_but_publish_nowhere_by_socket(
    stage: Stage, channel: str
) -> None:
    person, other = stage.arrive_with_ear("talk")
    ear = stage.connect(None, channel, "talk")
    before = len(stage.journal("heard"))
    for name in (channel, "talk"):
        ear.say(f"{name}:hello")
    assert ear.errors() == ["listens_only"] * 2
    assert ("hello" in other.heard("talk"), len(stage.journal("heard"))) == (False, before)
    stage.connect(person, "talk").say("talk:of a participant")
    assert "of a participant" in ear.heard("talk")


def test_a_foreign_token_is_refused(stage: Stage) -> None:
    one, other = stage.arrive(), stage.arrive()
    assert refusal(stage, one, "talk", token=other.token) == (403, "not_yours")


def test_a_forged_token_is_refused(stage: Stage) -> None:
    assert refusal(stage, stage.arrive(), "talk", token="forged") == (401, "token_invalid")


def test_a_missing_token_is_refused(stage: Stage) -> None:
    assert refusal(stage, stage.arrive(), "talk", token=None)[0] == 401


def test_a_token_that_has_ended_is_refused(stage: Stage) -> None:
    person = stage.arrive()
    again = {"workerId": person.worker_id, "hitId": "h1", "assignmentId": person.assignment_id}
    assert stage.world.post("/participant", {**again, "mode": "debug"}).status == 200
    assert refusal(stage, person, "talk") == (401, "token_ended")


def test_a_token_alone_identifies_a_sockets_participant(stage: Stage) -> None:
    person = stage.arrive()
    ear = stage.connect(person, "talk", participant_id=None)
    ear.say("talk:hello")
    assert stage.journal("heard")[0][3] == person.id


@pytest.mark.parametrize("number", ["one", "1.5", "-1", "²", "1" * 30])
def test_a_participant_id_that_is_not_a_number_is_refused(stage: Stage, number: str) -> None:
    assert refusal(stage, stage.arrive(), "talk", participant_id=number) == (400, "not_a_number")


def test_a_socket_without_a_channel_is_refused(stage: Stage) -> None:
    assert refusal(stage, stage.arrive()) == (400, "channel_missing")


@pytest.mark.parametrize("name", ["a b", "x" * 81, "ü", "a/b"])
def test_a_channel_with_an_impossible_name_is_refused(stage: Stage, name: str) -> None:
    assert refusal(stage, None, name) == (400, "unknown_channel")


def test_a_socket_listens_to_twenty_channels_at_most(stage: Stage) -> None:
    assert refusal(stage, None, *(f"c{n}" for n in range(21))) == (400, "too_many_channels")


def test_a_socket_subscribes_to_twenty_channels_at_most(stage: Stage) -> None:
    ear = stage.connect(None, *(f"c{n}" for n in range(20)))
    ear.order(type="subscribe", channel="c20")
    assert ear.errors() == ["too_many_channels"]


def test_without_required_tokens_any_client_may_subscribe(new_stage: NewStage) -> None:
    stage = new_stage(Meeting, require_participant_token=False)
    person = stage.arrive()
    ear = stage.connect(person, "talk", token=None)
    ear.say("talk:hello")
    assert ear.heard("talk") == ["hello"]


def test_a_socket_that_was_refused_leaves_nothing(stage: Stage) -> None:
    person = stage.arrive()
    with stage.world.unchanged():
        refusal(stage, person, "talk", "dallinger_control")
