"""A chain passes on only existing infos: a participant who arrives too early waits until the place opens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib import services
from chalicelib.model import network as network_module
from chalicelib.model import node as node_module
from chalicelib.model.node import Node
from chalicelib.operations.network import join_network
from chalicelib.operations.network.join_network import CHECK_INTERVAL
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.simulate.counting_engine import CountingEngine
from tests.tools.torn import TornEngine
from tests.web.conftest import NewWorld
from tests.web.experiments import STORY, Retelling, with_hooks
from tests.web.world import OPERATOR_TOKEN, Person, Said, World, build_world


def try_to_join(person: Person) -> Said:
    return person.post(f"/node/{person.id}")


def heard(person: Person, node: int) -> list[str]:
    return [info["contents"] for info in person.get(f"/node/{node}/received_infos")["infos"]]


def failed(here: World, node: int) -> bool:
    return any(item["id"] == node and item.get("failed") for item in here.items("node"))


@pytest.fixture
def new_counting() -> Iterator[Callable[[int], tuple[World, CountingEngine]]]:
    """Makes runs with so many chains, and counts what each asks of its engine."""
    opened: list[CountingEngine] = []

    def make(chains: int) -> tuple[World, CountingEngine]:
        engine = CountingEngine(SQLiteEngine(":memory:"))
        opened.append(engine)
        return build_world(with_hooks(Retelling, experiment_repeats=chains), engine, {}).launch(), engine

    yield make
    services.use(None)
    for engine in opened:
        engine.close()


@pytest.fixture
def engine_of_transactions() -> Iterator[TornEngine]:
    """An engine that takes as many items at once as DynamoDB does."""
    engine = TornEngine(SQLiteEngine(":memory:"), longest=0)
    yield engine
    services.use(None)
    engine.close()


def test_a_participant_who_arrives_while_the_one_ahead_works_has_to_wait(world: NewWorld) -> None:
    here = world(Retelling)
    here.arrive().join()
    said = try_to_join(here.arrive())
    assert (said.status, said.code) == (503, "network_busy")
    assert int(said.headers["retry-after"]) >= 1


def test_the_place_opens_with_the_answer(world: NewWorld) -> None:
    here = world(Retelling)
    first, second = here.arrive(), here.arrive()
    node = first.join()
    try_to_join(second)
    first.answer(node, "as I remember it")
    assert heard(second, second.join()) == ["as I remember it"]


@pytest.mark.parametrize("kind", ["tracking event", "failed info"])
def test_what_is_not_a_answer_opens_nothing(world: NewWorld, kind: str) -> None:
    here = world(Retelling)
    first, second = here.arrive(), here.arrive()
    node = first.join()
    if kind == "failed info":
        first.answer(node, "x", failed="True")
    else:
        first.post(f"/tracking_event/{node}", {"details": {"key": "x"}})
    assert try_to_join(second).code == "network_busy"


def test_a_second_answer_opens_no_second_place(world: NewWorld) -> None:
    here = world(Retelling)
    first, second, third = here.arrive(), here.arrive(), here.arrive()
    node = first.join()
    first.answer(node)
    second.join()
    first.answer(node)
    assert try_to_join(third).code == "network_busy"


def test_busy_is_not_full(world: NewWorld) -> None:
    here = world(with_hooks(Retelling, places=1))
    first, second = here.arrive(), here.arrive()
    node = first.join()
    first.answer(node)
    assert try_to_join(second).code == "no_network"


def test_another_chain_is_taken_when_one_is_busy(world: NewWorld) -> None:
    here = world(with_hooks(Retelling, experiment_repeats=2))
    assert {here.arrive().join() // 100_000, here.arrive().join() // 100_000} == {1, 2}


def test_without_gating_no_participant_waits(world: NewWorld) -> None:
    here = world(with_hooks(Retelling, gating=False))
    here.arrive().join()
    assert try_to_join(here.arrive()).status == 200


# -- who holds a place up and is gone ---------------------------------------------------------------


def leave(first: Person, way: str) -> None:
    here = first.world
    if way == "runs out of time":
        here.clock.turn(hours=1.1)
    elif way == "finishes without an answer":
        first.finish()
    elif way == "returns":
        fields = {"Event.1.EventType": "AssignmentReturned", "Event.1.AssignmentId": first.assignment_id}
        here.post("/notifications", fields, token=OPERATOR_TOKEN)
    else:
        first.post(f"/{way}", {"participant_id": first.id})


WAYS = [
    *("withdraw", "worker_failed", "handle-error", "runs out of time", "finishes without an answer"),
    "returns",
]


@pytest.mark.parametrize("way", WAYS)
def test_the_place_of_a_participant_who_is_gone_opens_behind_the_last_good_node(
    world: NewWorld, way: str
) -> None:
    here = world(Retelling)
    first = here.arrive()
    node = first.join()
    leave(first, way)
    here.work()
    second = here.arrive()
    assert heard(second, second.join()) == [STORY]
    assert failed(here, node)


@pytest.mark.parametrize("way", ["worker_failed", "runs out of time", "finishes without an answer"])
def test_the_join_that_finds_a_participant_gone_needs_no_worker(world: NewWorld, way: str) -> None:
    here = world(Retelling)
    first, second = here.arrive(), here.arrive()
    node = first.join()
    leave(first, way)
    second = here.arrive()
    assert try_to_join(second).status == 200
    assert failed(here, node)


@pytest.mark.parametrize("is_own", [False, True], ids=["default cascade", "cascade of the author"])
def test_those_who_left_many_chains_at_once_hold_no_participant_up(
    engine_of_transactions: TornEngine, monkeypatch: pytest.MonkeyPatch, is_own: bool
) -> None:
    """More of them than one transaction takes: it takes a hundred items.

    A class with a cascade of its own counts for the whole process, so it is pretended here, or its absence.
    """
    for module in (network_module, node_module, join_network):
        monkeypatch.setattr(module, "all_cascades_are_default", lambda: not is_own)
    chains = 60
    engine = engine_of_transactions
    here = build_world(with_hooks(Retelling, experiment_repeats=chains), engine, {}).launch()
    for _ in range(chains):
        here.arrive().join()
    here.clock.turn(hours=1.1)
    assert try_to_join(here.arrive()).status == 200


def test_how_long_a_participant_may_take_is_a_setting(world: NewWorld) -> None:
    here = world(Retelling, duration=3.0)
    here.arrive().join()
    here.clock.turn(hours=2)
    assert try_to_join(here.arrive()).code == "network_busy"


def test_a_participant_who_ran_out_of_time_answers_no_more(world: NewWorld) -> None:
    here = world(Retelling)
    first = here.arrive()
    node = first.join()
    here.clock.turn(hours=1.1)
    here.arrive().join()
    said = first.post(f"/info/{node}", {"contents": "late"})
    assert (said.status, said.code) == (403, "node_failed")


def test_a_participant_who_answered_and_left_well_keeps_their_place(world: NewWorld) -> None:
    here = world(Retelling)
    first, second = here.arrive(), here.arrive()
    node = first.join()
    first.answer(node, "mine")
    first.finish()
    here.work()
    assert heard(second, second.join()) == ["mine"]


def test_the_chain_continues_after_the_last_answer(world: NewWorld) -> None:
    here = world(Retelling)
    first, second, third = here.arrive(), here.arrive(), here.arrive()
    first.answer(first.join(), "the first's")
    second.join()
    second.post("/withdraw", {"participant_id": second.id})
    assert heard(third, third.join()) == ["the first's"]


# -- waiting is paid, and ends ----------------------------------------------------------------------


def waited(here: World, minutes: float) -> Person:
    """Let a participant wait this long behind one who still works."""
    here.arrive().join()
    late = here.arrive()
    try_to_join(late)
    here.clock.turn(minutes=minutes)
    return late


def test_a_participant_who_has_not_waited_long_waits_on(world: NewWorld) -> None:
    assert try_to_join(waited(world(Retelling), 9)).code == "network_busy"


def test_a_participant_who_has_waited_too_long_may_go(world: NewWorld) -> None:
    said = try_to_join(waited(world(Retelling), 11))
    assert (said.status, said.code) == (403, "no_network")
    assert "paid" in said["error_text"]


def test_how_long_a_participant_waits_is_a_setting(world: NewWorld) -> None:
    assert try_to_join(waited(world(Retelling, busy_timeout=2.0), 3)).code == "no_network"


def test_a_participant_who_was_released_is_paid_for_waiting(world: NewWorld) -> None:
    here = world(Retelling)
    late = waited(here, 11)
    try_to_join(late)
    late.finish()
    here.work()
    assert (late.now()["status"], here.owed(late)) == ("approved", {"base": "1.50"})


def test_a_participant_who_was_released_does_not_come_back(world: NewWorld) -> None:
    here = world(Retelling)
    late = waited(here, 11)
    for _ in range(2):
        assert try_to_join(late).code == "no_network"


def test_a_place_that_opens_ends_the_waiting(world: NewWorld) -> None:
    here = world(Retelling)
    first = here.arrive()
    node = first.join()
    late = here.arrive()
    try_to_join(late)
    here.clock.turn(minutes=11)
    first.answer(node)
    assert try_to_join(late).status == 200


def test_waiting_behind_many_people_asks_no_more_of_storage_than_behind_one(
    new_counting: Callable[[int], tuple[World, CountingEngine]],
) -> None:
    most = []
    for people in (1, 12):
        here, engine = new_counting(people)
        for _ in range(people):
            here.arrive().join()
        late, calls = here.arrive(), []
        for _ in range(CHECK_INTERVAL + 1):
            engine.take_counts()
            assert try_to_join(late).code == "network_busy"
            calls.append(engine.take_counts()["calls"])
            here.clock.turn(seconds=1)
        # A participant checks for departed ones at the start of the wait, and then once in a while.
        most.append((calls[0], max(calls[1:]), min(calls[1:])))
    assert most[0] == most[1]
    assert most[0][1] > most[0][2]


def test_a_participant_who_waits_finds_within_seconds_that_the_person_ahead_has_left(world: NewWorld) -> None:
    here = world(Retelling, duration=0.5)
    here.arrive().join()
    here.clock.turn(minutes=25)
    late = here.arrive()
    try_to_join(late)
    here.clock.turn(minutes=6)
    said = []
    for _ in range(CHECK_INTERVAL):
        said.append(try_to_join(late).status)
        here.clock.turn(seconds=1)
    assert 200 in said


def test_an_author_says_when_a_node_has_answered(world: NewWorld) -> None:
    class Patient(Node):
        type = "patient_of_the_web_tests"

        @property
        def has_answered(self) -> bool:
            return len(self.infos()) > 1

    def create_node(self: Any, participant: Any, network: Any) -> Patient:
        return Patient(network=network, participant=participant)

    here = world(with_hooks(Retelling, create_node=create_node))
    first, second = here.arrive(), here.arrive()
    node = first.join()
    first.answer(node)
    assert try_to_join(second).code == "network_busy"
    first.answer(node)
    assert try_to_join(second).status == 200


# -- how long those who wait stay away ---------------------------------------------------------------


def asked_to_wait(here: World, people: int) -> list[int]:
    """Let so many come while the one ahead works; return for how long each is to stay away."""
    here.arrive().join()
    waited = []
    for _ in range(people):
        here.clock.turn(seconds=6)
        waited.append(int(try_to_join(here.arrive()).headers["retry-after"]))
    return waited


def test_those_who_wait_stay_away_longer_the_more_of_them_there_are(world: NewWorld) -> None:
    waited = asked_to_wait(world(Retelling), 160)
    # Half as long again at most, so that they don't come back at once.
    assert max(waited[:20]) <= 2
    assert all(5 <= seconds <= 12 for seconds in waited[-10:])


def test_no_participant_stays_away_for_longer_than_a_quarter_of_a_minute_and_a_half(world: NewWorld) -> None:
    here = world(Retelling)
    here.app.waiting_estimate.waiting, here.app.waiting_estimate.counted_at = 10_000, here.clock.now()
    here.arrive().join()
    assert int(try_to_join(here.arrive()).headers["retry-after"]) <= 23


def test_a_participant_who_has_a_place_is_not_waited_with(world: NewWorld) -> None:
    here = world(Retelling)
    first, second = here.arrive(), here.arrive()
    node = first.join()
    try_to_join(second)
    first.answer(node)
    second.join()
    assert [item for item in here.items("listed") if item.get("waiting")] == []


def test_a_participant_who_was_released_is_not_waited_with(world: NewWorld) -> None:
    here = world(Retelling)
    here.arrive().join()
    late = here.arrive()
    try_to_join(late)
    here.clock.turn(minutes=11)
    try_to_join(late)
    assert [item for item in here.items("listed") if item.get("waiting")] == []


def test_the_count_of_those_who_wait_is_not_read_for_each_request(new_counting: Any) -> None:
    here, engine = new_counting(1)
    here.arrive().join()
    late = here.arrive()
    try_to_join(late)
    asked = []
    for seconds in (0, 0, 0, 6, 0):
        here.clock.turn(seconds=seconds)
        engine.take_counts()
        try_to_join(late)
        asked.append(engine.take_counts()["queries"])
    assert asked[0] == asked[1] == asked[2] == asked[4] < asked[3]
