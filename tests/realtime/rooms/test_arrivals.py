"""Crowds before the waiting room, on both engines: many threads, workers at the same time, crashes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import pytest

from chalicelib import services
from chalicelib.model import keys
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.realtime import waiting_rooms
from chalicelib.ports import TRANSIENT, Key, Message
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from chalicelib.storage.engine_store import EngineStore
from chalicelib.workers import queue_consumer, scheduler
from tests.contract.engines import _moto, dynamodb, engine, sqlite
from tests.realtime.experiments import Meeting, with_members
from tests.tools.engines import Crash, FailingEngine
from tests.tools.torn import TornEngine
from tests.web.clock import HandClock
from tests.web.world import World, build_world

__all__ = ["_moto", "dynamodb", "engine", "sqlite"]

CROWD = 300
AT_ONCE = 8
When = Literal["before", "after"]


class QueueThatHands:
    """Hands messages to workers at the same time as everything else; a burst of transient messages is one.

    Messages that are due much later, such as deadlines, aren't due in these tests.
    """

    def __init__(self, clock: HandClock) -> None:
        self._soon = clock.now() + timedelta(seconds=1)
        self._messages: queue.Queue[Message] = queue.Queue()
        self._nudges: set[Key] = set()
        self.problems: list[BaseException] = []

    def send(self, *messages: Message) -> None:
        for message in messages:
            self._send(message)

    def _send(self, message: Message) -> None:
        if message.due is not None and message.due > self._soon:
            return
        if message.key[0] == TRANSIENT:
            if message.key in self._nudges:
                return
            self._nudges.add(message.key)
        self._messages.put(message)

    @contextmanager
    def handed_to(self, workers: int) -> Iterator[None]:
        """Have workers at it while the block lasts, and until nothing is left."""
        for _ in range(workers):
            threading.Thread(target=self._work, daemon=True).start()
        yield
        self._messages.join()

    def _work(self) -> None:
        while True:
            message = self._messages.get()
            self._nudges.discard(message.key)
            try:
                queue_consumer.handle(message)
            except BaseException as problem:  # noqa: BLE001 - told to the test, which fails on it
                self.problems.append(problem)
            finally:
                self._messages.task_done()


@dataclass
class Outcome:
    """The final rooms and their members."""

    rooms: list[list[int]]
    waiting: list[int]

    @property
    def seated(self) -> list[int]:
        return sorted(one for room in self.rooms for one in room)


def outcome(engine: Engine) -> Outcome:
    opened = [list(item["members"]) for item in engine.query(keys.ROOMS) if item["kind"] == "room"]
    seated = {one for room in opened for one in room}
    return Outcome(opened, [item["id"] for item in engine.query(keys.LOBBY) if item["id"] not in seated])


def arrive(app: App, number: int) -> int:
    said = app.run(create_participant, EntryRequest(f"w{number}", "h", f"a{number}", recruiter="hotair"))
    participant_id: int = said["participant"]["id"]
    return participant_id


@pytest.fixture
def _no_app() -> Iterator[None]:
    yield
    services.use(None)


def crowd(engine: Engine, size: int, count: int) -> tuple[World, list[int]]:
    """Let people arrive, several at once, while several workers form rooms."""
    world = build_world(with_members(Meeting, room_size=size), engine, {"auto_recruit": False})
    world.launch()
    waiting = world.app.queue = QueueThatHands(world.clock)
    with waiting.handed_to(2), ThreadPoolExecutor(AT_ONCE) as doors:
        people = sorted(doors.map(lambda number: arrive(world.app, number), range(count)))
    assert waiting.problems == []
    return world, people


@pytest.mark.usefixtures("_no_app")
@pytest.mark.parametrize("size", [4, 10, 25])
def test_a_crowd_is_seated_once_each_and_no_participant_waits_beside_a_free_seat(
    sqlite: Engine, size: int
) -> None:
    world, people = crowd(sqlite, size, CROWD)
    found = outcome(world.engine)
    assert found.seated == people
    assert {len(room) for room in found.rooms} == {size}


@pytest.mark.usefixtures("_no_app")
def test_a_crowd_is_seated_in_the_cloud_too(dynamodb: Engine) -> None:
    world, people = crowd(dynamodb, 4, 22)
    found = outcome(world.engine)
    assert (len(found.waiting), sorted([*found.seated, *found.waiting])) == (2, people)
    assert {len(room) for room in found.rooms} == {4}


@pytest.mark.usefixtures("_no_app")
def test_a_crowd_is_seated_once_each_though_commits_become_visible_item_by_item(sqlite: Engine) -> None:
    world, people = crowd(TornEngine(sqlite), 4, 60)
    found = outcome(world.engine)
    assert (found.seated, {len(room) for room in found.rooms}) == (people, {4})


def form_rooms_side_by_side(engine: Engine, size: int, count: int) -> tuple[Outcome, list[int]]:
    """Have eight looks at a full lobby, four of them at the same time."""
    world = build_world(with_members(Meeting, room_size=size), engine, {"auto_recruit": False})
    people = [arrive(world.app, number) for number in range(count)]
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _: world.app.run(waiting_rooms.form_rooms), range(8)))
    return outcome(engine), people


@pytest.mark.usefixtures("_no_app")
@pytest.mark.parametrize("size", [4, 10, 25])
def test_consumers_that_form_rooms_concurrently_seat_each_participant_once(sqlite: Engine, size: int) -> None:
    found, people = form_rooms_side_by_side(sqlite, size, 26)
    assert (found.seated, found.waiting) == (people[: 26 // size * size], people[26 // size * size :])


@pytest.mark.usefixtures("_no_app")
def test_consumers_that_read_half_of_a_room_seat_each_participant_once(sqlite: Engine) -> None:
    found, people = form_rooms_side_by_side(TornEngine(sqlite), 4, 26)
    assert (found.seated, found.waiting) == (people[:24], people[24:])


@pytest.mark.usefixtures("_no_app")
def test_consumers_on_dynamodb_seat_each_participant_once(dynamodb: Engine) -> None:
    found, people = form_rooms_side_by_side(dynamodb, 4, 14)
    assert (found.seated, found.waiting) == (people[:12], people[12:])


@pytest.mark.usefixtures("_no_app")
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_around_the_commit_of_rooms_seats_each_participant_once(engine: Engine, when: When) -> None:
    world = build_world(with_members(Meeting, room_size=3), engine, {"auto_recruit": False})
    world.launch()
    people = [arrive(world.app, number) for number in range(6)]
    sound = world.app.store
    world.app.store = EngineStore(FailingEngine(engine, 1, when))
    with pytest.raises(Crash):
        world.app.run(waiting_rooms.form_rooms)
    world.app.store = sound
    world.clock.turn(minutes=1)
    scheduler.tick()
    world.work()
    assert outcome(world.engine).rooms == [people[:3], people[3:]]


@pytest.mark.usefixtures("_no_app")
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_around_the_commit_of_an_arrival_leaves_no_half_person(engine: Engine, when: When) -> None:
    world = build_world(with_members(Meeting, room_size=2), engine, {"auto_recruit": False})
    sound = world.app.store
    world.app.store = EngineStore(FailingEngine(engine, 1, when))
    with pytest.raises(Crash):
        arrive(world.app, 1)
    world.app.store = sound
    found = engine.get([keys.lobby(1), keys.participant(1), keys.assignment("a1")])
    assert len(found) == (3 if when == "after" else 0)


@pytest.mark.usefixtures("_no_app")
def test_after_a_crash_each_member_is_notified_once_that_the_room_is_open(engine: Engine) -> None:
    world = build_world(with_members(Meeting, room_size=3), engine, {"auto_recruit": False})
    world.launch()
    people = [arrive(world.app, number) for number in range(3)]
    sound = world.app.store
    world.app.store = EngineStore(FailingEngine(engine, 1, "after"))
    with pytest.raises(Crash):
        world.app.run(waiting_rooms.form_rooms)
    world.app.store = sound
    world.clock.turn(minutes=1)
    scheduler.tick()
    world.work()
    kept = engine.get([("experiment", "#")])["experiment", "#"]
    assert kept["state"]["journal"] == [["opened", 1, people]]
