"""The records of sockets: when one counts as open, young, silent or surplus, and what closing one leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.errors import NotFound
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.realtime import connections, presence
from chalicelib.operations.realtime.connections import SocketEnded
from chalicelib.storage.engine import Item
from tests.realtime.conftest import NewStage
from tests.realtime.experiments import Pairs, with_members
from tests.realtime.stage import Ear, Stage
from tests.web.world import Person

Visit = tuple[Stage, Person, Ear]


@pytest.fixture
def visit(stage: Stage) -> Visit:
    return (stage, *stage.arrive_with_ear("talk"))


def record(stage: Stage, ear: Ear) -> dict[str, Any]:
    found: dict[str, Any] = stage.world.app.run(connections.connection_of, ear.id)
    return found


def change(stage: Stage, ear: Ear, **fields: Any) -> None:
    stage.world.app.run(lambda ctx: connections.change(ctx, connections.connection_of(ctx, ear.id), **fields))


def now(stage: Stage) -> int:
    return int(stage.world.clock.now().timestamp())


def presences(stage: Stage) -> list[Item]:
    return stage.world.items("presence")


def checks(stage: Stage) -> list[tuple[dict[str, Any], str]]:
    """The checks whether a participant has left: the message, and the moment from its key."""
    found = [item for item in stage.world.items("message") if item["body"]["kind"] == "check_disconnected"]
    return [(item["body"], item["sk"][:27]) for item in found]


# -- connections ------------------------------------------------------------------------------------


def test_a_socket_that_is_not_open_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound) as caught:
        stage.world.app.run(connections.connection_of, "unknown")
    assert caught.value.code == "not_connected"


@pytest.mark.parametrize(("seconds", "is_open"), [(1, True), (0, False)])
def test_a_socket_is_open_until_the_second_in_which_it_expires(
    visit: Visit, seconds: int, is_open: bool
) -> None:
    stage, _, ear = visit
    change(stage, ear, expires=now(stage) + seconds)
    if is_open:
        assert stage.world.app.run(connections.open_connection, ear.id)["connection_id"] == ear.id
    else:
        with pytest.raises(SocketEnded):
            stage.world.app.run(connections.open_connection, ear.id)
    assert stage.world.app.run(connections.expired_connections) == ([] if is_open else [ear.id])


@pytest.mark.parametrize(("serial", "is_open"), [(1, True), (None, True), (2, False)])
def test_a_socket_is_open_for_the_newest_token_and_for_none(
    visit: Visit, serial: int | None, is_open: bool
) -> None:
    stage, person, ear = visit
    change(stage, ear, serial=serial)
    assert (ear.id not in stage.world.app.run(connections.expired_connections)) is is_open
    if is_open:
        stage.world.app.run(connections.check_holder, person.id, serial)
    else:
        with pytest.raises(SocketEnded):
            stage.world.app.run(connections.check_holder, person.id, serial)


def test_the_socket_of_an_unknown_participant_is_closed(visit: Visit) -> None:
    stage, _, ear = visit
    change(stage, ear, participant_id=99)
    assert stage.world.app.run(connections.expired_connections) == [ear.id]


def test_changing_a_record_keeps_its_other_fields(visit: Visit) -> None:
    stage, person, ear = visit
    before = record(stage, ear)
    change(stage, ear, mark="new")
    after = record(stage, ear)
    assert after == {**before, "mark": "new", "v": before["v"] + 1}
    assert (after["kind"], after["participant_id"]) == ("connection", person.id)


@pytest.mark.parametrize(("seconds", "stored"), [(19.9, False), (20, True)])
def test_a_heartbeat_is_stored_when_the_last_is_twenty_seconds_ago(
    visit: Visit, seconds: float, stored: bool
) -> None:
    stage, _, ear = visit
    ear.beat()
    first = record(stage, ear)
    assert (first["beats"], first["seen"]) == (True, iso(stage.world.clock.now()))
    stage.world.clock.turn(seconds=seconds)
    ear.beat()
    assert (record(stage, ear)["seen"] != first["seen"]) is stored


@pytest.mark.parametrize(("seconds", "young"), [(0, True), (9.9, True), (10, False)])
def test_a_socket_is_young_for_ten_seconds(visit: Visit, seconds: float, young: bool) -> None:
    stage, _, ear = visit
    stage.world.clock.turn(seconds=seconds)
    held = record(stage, ear)
    assert stage.world.app.run(connections.is_young, held) is young


@pytest.mark.parametrize(("seconds", "silent"), [(90, False), (90.001, True)])
def test_a_page_is_silent_ninety_seconds_after_its_last_heartbeat(
    visit: Visit, seconds: float, silent: bool
) -> None:
    stage, _, ear = visit
    ear.beat()
    stage.world.clock.turn(seconds=seconds)
    assert (ear.id in stage.world.app.run(connections.expired_connections)) is silent


def test_all_sockets_are_listed_whatever_their_shard(stage: Stage) -> None:
    ears = {stage.arrive_with_ear("talk")[1].id for _ in range(20)}
    assert {keys.connection(one)[0] for one in ears} == {
        keys.connections(shard) for shard in range(keys.SHARDS)
    }
    assert set(stage.world.app.run(connections.all_connections)) == ears


# -- presence ---------------------------------------------------------------------------------------


def test_a_closed_socket_is_deleted_and_checked_after_the_grace_period(visit: Visit) -> None:
    stage, person, ear = visit
    closed = stage.world.clock.now()
    assert [item["connection_id"] for item in presences(stage)] == [ear.id]
    stage.world.app.run(presence.socket_closed, person.id, ear.id)
    assert presences(stage) == []
    body = {"kind": "check_disconnected", "participant_id": person.id, "since": iso(closed)}
    assert checks(stage) == [(body, iso(closed + timedelta(seconds=15)))]


@pytest.mark.parametrize(("patience", "due"), [(30.0, 30), (5.0, 15)])
def test_a_socket_that_may_reconnect_counts_as_open_for_so_long(
    visit: Visit, patience: float, due: int
) -> None:
    stage, person, ear = visit
    closed = stage.world.clock.now()
    stage.world.app.run(presence.socket_closed, person.id, ear.id, patience)
    (kept,) = presences(stage)
    assert (kept["connection_id"], kept["expires"]) == (ear.id, now(stage) + int(patience))
    assert [moment for _, moment in checks(stage)] == [iso(closed + timedelta(seconds=due))]


@pytest.mark.parametrize(("grace", "due"), [(15.0, 3), (2.0, 2)])
def test_a_waiting_participant_is_checked_after_the_time_of_a_reload(
    new_stage: NewStage, grace: float, due: float
) -> None:
    stage = new_stage(with_members(Pairs, dropout_grace=grace))
    person, ear = stage.arrive_with_ear()
    closed = stage.world.clock.now()
    stage.world.app.run(presence.socket_closed, person.id, ear.id)
    assert [moment for _, moment in checks(stage)] == [iso(closed + timedelta(seconds=due))]


def test_sockets_are_open_until_they_expire_and_listed_in_that_order(stage: Stage) -> None:
    person = stage.arrive()
    for name, seconds in (("c", 30), ("b", 10), ("a", 10), ("expired", 0), ("d", 1)):
        stage.world.app.run(presence.socket_opened, person.id, name, now(stage) + seconds)
    app = stage.world.app
    assert app.run(presence.open_sockets, person.id) == ["d", "a", "b", "c"]
    assert [app.run(presence.surplus_connections, person.id, most) for most in (0, 3, 4, 9)] == [
        ["d", "a", "b", "c"],
        ["d"],
        [],
        [],
    ]
    assert {item["kind"] for item in presences(stage)} == {"presence"}


def test_a_participant_with_an_open_socket_is_not_checked_any_further(visit: Visit) -> None:
    stage, person, _ = visit
    person.join()
    with stage.world.unchanged():
        stage.world.app.run(presence.check_disconnected, person.id, iso(stage.world.clock.now()))
