"""Participants who leave a running group or return: the hooks that are called, and the declared policies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.model.record import iso
from chalicelib.operations.realtime import connections, dropouts
from chalicelib.operations.shared.context import Context
from chalicelib.workers import queue_consumer
from tests.realtime.conftest import NewStage
from tests.realtime.experiments import Pairs, with_members
from tests.realtime.stage import Ear, Stage
from tests.web.world import Person

GRACE = 15.0
CONSENT = {"consent_time": "2026-03-01T12:00:00Z", "consent_hash": "h", "consent_bots": True}
Pair = tuple[Stage, tuple[Person, Ear], tuple[Person, Ear]]


def running_pair(new_stage: NewStage, **members: Any) -> Pair:
    """Two people in a room that has opened, with a node each."""
    agreed = CONSENT if members.pop("consents", False) else {}
    stage = new_stage(with_members(Pairs, **members))
    one, other = (stage.arrive_with_ear("quorum", "talk", **agreed) for _ in range(2))
    stage.wait(1)
    one[0].join()
    other[0].join()
    return stage, one, other


@pytest.fixture
def pair(new_stage: NewStage) -> Pair:
    return running_pair(new_stage)


def test_a_participant_who_is_gone_longer_than_the_grace_is_reported(pair: Pair) -> None:
    stage, (person, ear), _ = pair
    ear.hang_up()
    stage.wait(GRACE + 1)
    assert stage.journal("disconnected") == [["disconnected", person.id]]


def test_a_participant_who_comes_back_within_the_grace_is_not(pair: Pair) -> None:
    stage, (person, ear), _ = pair
    ear.hang_up()
    stage.wait(GRACE - 5)
    stage.connect(person, "talk")
    stage.wait(GRACE + 10)
    assert stage.journal("disconnected") == []


def test_the_grace_can_be_set(new_stage: NewStage) -> None:
    stage, (person, ear), _ = running_pair(new_stage, dropout_grace=120)
    ear.hang_up()
    stage.wait(100)
    early = stage.journal("disconnected")
    stage.wait(30)
    assert (early, stage.journal("disconnected")) == ([], [["disconnected", person.id]])


def test_a_second_page_that_stays_open_is_enough(pair: Pair) -> None:
    stage, (person, ear), _ = pair
    stage.connect(person, "talk")
    ear.hang_up()
    stage.wait(GRACE + 1)
    assert stage.journal("disconnected") == []


def test_a_participant_who_is_gone_is_reported_once(pair: Pair) -> None:
    stage, (person, ear), _ = pair
    second = stage.connect(person, "talk")
    ear.hang_up()
    second.hang_up()
    stage.wait(GRACE + 1)
    assert len(stage.journal("disconnected")) == 1


def test_a_participant_who_comes_back_is_reported_once(pair: Pair) -> None:
    stage, (person, ear), _ = pair
    ear.hang_up()
    stage.wait(GRACE + 1)
    stage.connect(person, "talk")
    stage.connect(person, "talk").beat()
    assert stage.journal("returned") == [["returned", person.id]]


def test_a_participant_who_returns_can_continue(pair: Pair) -> None:
    stage, (person, ear), (_, other_ear) = pair
    ear.hang_up()
    stage.wait(GRACE + 1)
    stage.connect(person, "talk").say("talk:here again")
    assert other_ear.heard("talk") == ["here again"]


def test_a_participant_who_finished_is_not_a_dropout(pair: Pair) -> None:
    stage, (person, ear), _ = pair
    person.finish()
    ear.hang_up()
    stage.wait(GRACE + 1)
    assert stage.journal("disconnected") == []


def test_a_participant_who_continues_to_the_questionnaire_is_not_a_dropout(pair: Pair) -> None:
    stage, (_, ear), _ = pair
    ear.order(type="finished")
    ear.hang_up()
    stage.wait(GRACE + 1)
    assert stage.journal("disconnected") == []


def test_a_participant_who_is_on_the_way_into_the_group_has_not_done_their_part(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)
    (person, ear), _ = (stage.arrive_with_ear("quorum") for _ in range(2))
    stage.wait(1)
    ear.order(type="finished")
    ear.hang_up()
    stage.wait(GRACE + 1)
    assert stage.journal("disconnected") == [["disconnected", person.id]]


def test_a_participant_who_returns_from_the_questionnaire_and_leaves_is_a_dropout(pair: Pair) -> None:
    stage, (person, ear), _ = pair
    ear.order(type="finished")
    ear.hang_up()
    stage.connect(person, "talk").hang_up()
    stage.wait(GRACE + 1)
    assert stage.journal("disconnected") == [["disconnected", person.id]]


def test_a_participant_who_was_released_is_not_a_dropout(new_stage: NewStage) -> None:
    stage, (person, ear), (_, other_ear) = running_pair(new_stage, dropout_policy="end")
    ear.hang_up()
    stage.wait(GRACE + 1)
    other_ear.hang_up()
    stage.wait(GRACE + 1)
    assert stage.journal("disconnected") == [["disconnected", person.id]]


def test_a_participant_who_only_waits_is_not_a_dropout(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)
    _, ear = stage.arrive_with_ear()
    ear.hang_up()
    stage.wait(GRACE + 1)
    assert stage.journal("disconnected") == []


def test_a_participant_who_has_a_node_but_no_room_is_a_dropout(stage: Stage) -> None:
    person, ear = stage.arrive_with_ear("talk")
    person.join()
    ear.hang_up()
    stage.wait(GRACE + 1)
    assert stage.journal("disconnected") == [["disconnected", person.id]]


# -- hearts ----------------------------------------------------------------------------------------


def test_a_page_whose_heartbeat_stops_is_gone_although_its_socket_was_never_closed(pair: Pair) -> None:
    stage, (person, ear), _ = pair
    ear.beat()
    stage.wait(connections.SILENT + 60 + GRACE)
    assert stage.journal("disconnected") == [["disconnected", person.id]]


def test_its_socket_is_closed(pair: Pair) -> None:
    stage, (_, ear), _ = pair
    ear.beat()
    stage.wait(connections.SILENT + 60)
    assert ear.closed_with == 1001


def test_a_heart_that_beats_keeps_a_page_there(pair: Pair) -> None:
    stage, (_, ear), _ = pair
    for _ in range(8):
        ear.beat()
        stage.wait(60)
    assert (stage.journal("disconnected"), ear.closed_with) == ([], None)


def test_a_socket_that_never_beat_is_left_alone(pair: Pair) -> None:
    stage, (_, ear), _ = pair
    stage.wait(600)
    assert (stage.journal("disconnected"), ear.closed_with) == ([], None)


def test_hearts_that_beat_often_are_written_down_rarely(pair: Pair) -> None:
    stage, (_, ear), _ = pair
    ear.beat()
    with stage.world.unchanged():
        for _ in range(10):
            stage.world.clock.turn(seconds=1)
            ear.beat()


# -- policies --------------------------------------------------------------------------------------


def alive(stage: Stage) -> list[bool]:
    return [not item.get("failed") for item in stage.world.items("node")]


def lose(stage: Stage, ear: Ear) -> None:
    ear.hang_up()
    stage.wait(GRACE + 1)


def test_wait_changes_nothing(new_stage: NewStage) -> None:
    stage, (one, ear), (other, _) = running_pair(new_stage, dropout_policy="wait")
    lose(stage, ear)
    assert (alive(stage), one.now()["status"], other.now()["status"]) == ([True, True], "working", "working")


def test_go_on_fails_what_the_dropout_had(new_stage: NewStage) -> None:
    stage, (_, ear), _ = running_pair(new_stage, dropout_policy="go_on")
    lose(stage, ear)
    assert alive(stage) == [False, True]


def test_go_on_leaves_the_others_at_it(new_stage: NewStage) -> None:
    stage, (_, ear), (other, other_ear) = running_pair(new_stage, dropout_policy="go_on")
    lose(stage, ear)
    other_ear.say("talk:I go on")
    assert (other.now()["status"], other_ear.heard("talk")) == ("working", ["I go on"])


def test_the_policy_end_releases_all_members(new_stage: NewStage) -> None:
    stage, (_, ear), (other, other_ear) = running_pair(new_stage, dropout_policy="end")
    lose(stage, ear)
    assert (other_ear.told()[-1]["released"], stage.state(other)["released"]) == (True, True)


def test_the_policy_end_pays_all_members(new_stage: NewStage) -> None:
    stage, (_, ear), (other, _) = running_pair(new_stage, dropout_policy="end")
    lose(stage, ear)
    other.finish()
    stage.world.work()
    assert (other.now()["status"], stage.world.owed(other)) == ("approved", {"base": "1.50"})


def test_end_leaves_other_groups_alone(new_stage: NewStage) -> None:
    stage, (_, ear), _ = running_pair(new_stage, dropout_policy="end")
    others = [stage.arrive_with_ear() for _ in range(2)]
    stage.wait(1)
    lose(stage, ear)
    assert "released" not in stage.state(others[0][0])


def test_end_lets_a_large_group_go_in_several_commits(new_stage: NewStage) -> None:
    size = dropouts.MAX_PER_COMMIT + 5
    stage = new_stage(with_members(Pairs, room_size=size, dropout_policy="end"))
    people = [stage.arrive_with_ear() for _ in range(size)]
    stage.wait(1)
    lose(stage, people[0][1])
    assert all(stage.state(person).get("released") for person, _ in people)


def test_end_spares_a_group_whose_dropout_is_back(new_stage: NewStage) -> None:
    stage, (one, ear), (other, _) = running_pair(new_stage, dropout_policy="end")
    lose_and_return(stage, one, ear)
    assert "released" not in stage.state(other)


def lose_and_return(stage: Stage, person: Person, ear: Ear) -> None:
    """Come back after the dropout was noted, and before what follows from it was done."""
    ear.hang_up()
    stage.world.clock.turn(seconds=GRACE + 1)
    queue = stage.world.app.queue
    assert isinstance(queue, LocalQueue)
    message = queue.take()
    assert message is not None
    queue_consumer.handle(message)
    stage.world.app.run(_back, person.id)
    stage.world.work()


def _back(ctx: Context, participant_id: int) -> None:
    dropouts.record_return(ctx, ctx.uow.participant(participant_id))


@pytest.fixture
def spawned(new_stage: NewStage, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses at which bots were started."""
    addresses: list[str] = []
    monkeypatch.setattr("chalicelib.bootstrap._no_bots", addresses.append)
    return addresses


def test_a_bot_takes_over_with_consent(new_stage: NewStage, spawned: list[str]) -> None:
    stage, (one, ear), _ = running_pair(new_stage, dropout_policy="bot", consents=True)
    lose(stage, ear)
    assert len(spawned) == 1
    assert f"assignmentId={one.assignment_id}" in spawned[0]


def test_no_bot_takes_over_without_consent(new_stage: NewStage, spawned: list[str]) -> None:
    stage, (_, ear), _ = running_pair(new_stage, dropout_policy="bot")
    lose(stage, ear)
    assert spawned == []


def test_the_data_show_that_a_bot_continued(new_stage: NewStage, spawned: list[str]) -> None:
    stage, (one, ear), (other, _) = running_pair(new_stage, dropout_policy="bot", consents=True)
    lose(stage, ear)
    assert ["played_by_bot_since" in person.now()["details"] for person in (one, other)] == [True, False]


def resumed(stage: Stage, person: Person) -> Person:
    """Begin again under the same ids, as a bot that stands in does, or the person on a reloaded page."""
    ids = {"workerId": person.worker_id, "hitId": person.hit_id, "assignmentId": person.assignment_id}
    said = stage.world.post("/participant", {**ids, "mode": "debug"})
    assert said["participant"]["id"] == person.id
    return Person(stage.world, person.id, said["token"], person.worker_id, person.assignment_id)


def test_the_bots_own_socket_is_not_a_return(new_stage: NewStage, spawned: list[str]) -> None:
    stage, (one, ear), _ = running_pair(new_stage, dropout_policy="bot", consents=True)
    lose(stage, ear)
    stage.connect(resumed(stage, one), "talk").beat()
    assert stage.journal("returned") == []


def test_the_person_who_comes_back_takes_over_again(new_stage: NewStage, spawned: list[str]) -> None:
    stage, (one, ear), _ = running_pair(new_stage, dropout_policy="bot", consents=True)
    lose(stage, ear)
    stage.connect(resumed(stage, one), "talk")
    stage.connect(resumed(stage, one), "talk")
    assert stage.journal("returned") == [["returned", one.id]]


# -- what is recorded and told ----------------------------------------------------------------------


def noting_seeds(seeds: list[tuple[str, int, str | None]]) -> dict[str, Any]:
    def hook(name: str) -> Any:
        return lambda self, participant: seeds.append((name, participant.id, self.random_seed))

    return {name: hook(name) for name in ("participant_disconnected", "participant_returned")}


def test_leaving_and_returning_draw_by_participant_and_number_of_nodes(new_stage: NewStage) -> None:
    seeds: list[tuple[str, int, str | None]] = []
    stage, _, (other, ear) = running_pair(new_stage, **noting_seeds(seeds))
    left = stage.world.clock.now() + timedelta(seconds=GRACE)
    ear.hang_up()
    stage.wait(GRACE + 1)
    assert other.now()["details"] == {"disconnected_since": iso(left)}
    stage.connect(other, "talk")
    assert seeds == [
        ("participant_disconnected", other.id, f"seed|{other.id}|participant_disconnected|1"),
        ("participant_returned", other.id, f"seed|{other.id}|participant_returned|1"),
    ]
    assert other.now()["details"] == {}


def test_a_participant_who_returns_after_the_end_is_recorded_without_the_hook(new_stage: NewStage) -> None:
    seeds: list[tuple[str, int, str | None]] = []
    stage, (one, ear), _ = running_pair(new_stage, **noting_seeds(seeds))
    ear.hang_up()
    stage.wait(GRACE + 1)
    one.finish()
    stage.connect(one, "talk")
    assert ([name for name, *_ in seeds], one.now()["details"]) == (["participant_disconnected"], {})


def test_the_end_of_a_group_is_sent_with_all_fields_of_the_waiting_room(new_stage: NewStage) -> None:
    stage, (one, ear), (other, other_ear) = running_pair(new_stage, dropout_policy="end")
    lose(stage, ear)
    assert other_ear.told()[-1] == {"released": True, "overrecruited": False, "q": 0, "n": 0}
    kept = {item["id"]: item["released"] for item in stage.world.items("participant")}
    assert kept == {one.id: "dropout", other.id: "dropout"}


def test_a_member_who_was_released_before_keeps_the_reason(new_stage: NewStage) -> None:
    stage, (_, ear), (other, _) = running_pair(new_stage, dropout_policy="end")

    def release(ctx: Context) -> None:
        ctx.uow.participant(other.id).early_exit_reason = "busy"

    stage.world.app.run(release)
    lose(stage, ear)
    kept = {item["id"]: item["released"] for item in stage.world.items("participant")}
    assert kept[other.id] == "busy"


def test_a_group_without_a_room_is_that_of_the_networks(stage: Stage) -> None:
    people = [stage.arrive() for _ in range(3)]
    nodes = [person.join() for person in people]

    def members(ctx: Context) -> list[int]:
        found = dropouts.group_members(ctx, ctx.uow.participant(people[0].id))
        return [participant.id for participant in found]

    assert stage.world.app.run(members) == [person.id for person in people]
    stage.world.app.run(lambda ctx: ctx.uow.node(nodes[1]).fail())
    assert stage.world.app.run(members) == [people[0].id, people[2].id]


def test_a_replacement_bot_enters_as_the_participant_of_the_next_token(
    new_stage: NewStage, spawned: list[str]
) -> None:
    stage, (one, ear), _ = running_pair(new_stage, consents=True)
    assert stage.world.app.run(dropouts.authorize_replacement_bot, one.id) is None
    lose(stage, ear)
    left = one.now()["details"]
    assert stage.world.app.run(dropouts.authorize_replacement_bot, one.id) == {
        "recruiter": "bots",
        "assignmentId": one.assignment_id,
        "hitId": one.hit_id,
        "workerId": one.worker_id,
        "mode": "debug",
    }
    since = iso(stage.world.clock.now())
    assert one.now()["details"] == {**left, "played_by_bot_since": since, "bot_token_serial": 2}


def test_a_page_is_done_with_the_group_once_it_has_a_node(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)
    one, _ = (stage.arrive() for _ in range(2))
    stage.wait(1)
    stage.world.app.run(dropouts.record_done, one.id)
    assert one.now()["details"] == {}
    one.join()
    since = stage.world.clock.now()
    for _ in range(2):
        stage.world.app.run(dropouts.record_done, one.id)
        stage.world.clock.turn(seconds=1)
    assert one.now()["details"] == {"done_since": iso(since)}
