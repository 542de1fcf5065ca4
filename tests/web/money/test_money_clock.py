"""The clock: each job of a minute is done once, by whichever clock, and noted; nothing is scanned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import pytest

from chalicelib import services
from chalicelib.experiment.routes import ScheduledFunction
from chalicelib.model import keys
from chalicelib.operations.schedule import ticks
from chalicelib.storage.engine import Engine, Item, ItemPage, Key, Put
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.workers import scheduler
from tests.web.conftest import NewWorld
from tests.web.experiments import Talk, with_hooks
from tests.web.world import World, build_world

NOON = "2026-03-01T12:00:00.000000Z"


def noted(here: World, job: str) -> list[dict[str, Any]]:
    return [tick for tick in here.app.run(ticks.list_ticks) if tick["job"] == job]


def every_minute(function: Any) -> ScheduledFunction:
    return ScheduledFunction(1, "round", function, is_method=False)


def test_a_tick_notes_the_job_its_minute_when_it_ran_and_what_came_of_it(world: NewWorld) -> None:
    here = world()
    here.clock.turn(seconds=7)
    scheduler.tick()
    at = "2026-03-01T12:00:07.000000Z"
    assert noted(here, "sweep") == [
        {
            "job": "sweep",
            "scheduled_for": NOON,
            "started": at,
            "ended": at,
            "result": "0 messages sent again",
        }
    ]


def test_a_minute_has_one_record_for_each_job(world: NewWorld) -> None:
    here = world(with_hooks(Talk, quorum=2, background_tasks=[lambda: None]))
    here.app.scheduled = [every_minute(lambda: None)]
    for _ in range(2):
        scheduler.tick()
    jobs = [tick["job"] for tick in here.app.run(ticks.list_ticks)]
    assert sorted(jobs) == ["background_tasks", "rooms", "scheduled round", "sockets", "sweep"]


def test_each_minute_has_its_own_records(world: NewWorld) -> None:
    here = world()
    for _ in range(3):
        scheduler.tick()
        here.clock.turn(minutes=1)
    assert len(noted(here, "sweep")) == 3


def test_a_job_that_fails_says_so_in_its_record(world: NewWorld) -> None:
    here = world()

    def fail() -> None:
        raise LookupError("the author's mistake")

    here.app.scheduled = [every_minute(fail)]
    scheduler.tick()
    (tick,) = noted(here, "scheduled round")
    assert tick["result"] == "failed: LookupError: the author's mistake"


def test_a_job_that_another_clock_has_is_left_to_it(world: NewWorld) -> None:
    called: list[str] = []
    here = world()
    here.app.scheduled = [every_minute(lambda: called.append("once"))]
    minute = int(here.clock.now().timestamp() // 60)
    here.app.run(ticks.claim_job, "scheduled round", minute)
    scheduler.tick()
    assert called == []


def test_a_job_whose_clock_died_has_no_end_in_its_record(world: NewWorld) -> None:
    here = world()
    here.app.run(ticks.claim_job, "sweep", int(here.clock.now().timestamp() // 60))
    scheduler.tick()
    (tick,) = noted(here, "sweep")
    assert (tick["ended"], tick["result"]) == (None, None)


def test_records_are_kept_for_a_day(world: NewWorld) -> None:
    here = world()
    for _ in range(2):
        scheduler.tick()
        here.clock.turn(hours=24)
    (tick,) = noted(here, "sweep")
    assert tick["scheduled_for"] == "2026-03-02T12:00:00.000000Z"


def test_before_the_launch_the_clock_calls_nothing_of_the_experiment(world: NewWorld) -> None:
    called: list[str] = []
    here = world(with_hooks(Talk, background_tasks=[lambda: called.append("task")]), launch=False)
    here.app.scheduled = [every_minute(lambda: called.append("scheduled"))]
    scheduler.tick()
    assert called == []


# -- nothing is scanned -----------------------------------------------------------------------------


class Reader:
    """Passes everything on to an engine, and counts the items read."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.items_read = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def _counted(self, items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            self.items_read += 1
            yield item

    def get(self, wanted: Iterable[Key]) -> dict[Key, Item]:
        found: dict[Key, Item] = self._engine.get(wanted)
        self.items_read += len(found)
        return found

    def query(self, pk: str, prefix: str = "") -> Iterator[Item]:
        return self._counted(self._engine.query(pk, prefix))

    def query_each(self, pks: Sequence[str], prefix: str = "") -> Iterator[Item]:
        return self._counted(self._engine.query_each(pks, prefix))

    def query_until(self, pk: str, last: str) -> Iterator[Item]:
        return self._counted(self._engine.query_until(pk, last))

    def page(self, pk: str, **how: Any) -> ItemPage:
        page = self._engine.page(pk, **how)
        self.items_read += len(page.items)
        return page

    def get_fields(self, wanted: Iterable[Key], fields: Collection[str]) -> dict[Key, Item]:
        found: dict[Key, Item] = self._engine.get_fields(wanted, fields)
        self.items_read += len(found)
        return found


def fill(engine: Engine, infos: int) -> None:
    """Store so many infos of a thousand participants, and the messages that are due for them some day."""
    at = {"creation_time": NOON, "type": "info", "network_id": 1, "contents": "x"}
    puts = []
    for number in range(infos):
        origin = 100_000 + number // 100
        pk, sk = keys.info(origin * 100_000 + number % 100 + 1)
        id_ = origin * 100_000 + number % 100 + 1
        puts.append(Put({"pk": pk, "sk": sk, "kind": "info", "v": 1, "id": id_, "origin_id": origin, **at}))
    for number in range(2, 1002):
        pk, sk = keys.listed(number)
        listed = {"id": number, "status": "approved", "seated": True}
        puts.append(Put({"pk": pk, "sk": sk, "kind": "listed", "v": 1, **listed}))
        due = {"pk": f"due#{number % 4}", "sk": f"2027-01-01T00:00:00.000000Z#{number}"}
        body = {"kind": "check_deadline", "participant_id": number}
        puts.append(Put({**due, "kind": "message", "v": 1, "body": body}))
    engine.commit(puts)


@pytest.fixture
def crowded() -> Iterator[Reader]:
    """Counts what is read of a run with 100,000 infos, in which a participant waits for a room."""
    engine = SQLiteEngine(":memory:")
    reader = Reader(engine)
    experiment = with_hooks(Talk, quorum=2, background_tasks=[lambda: None])
    here = build_world(experiment, reader, {}).launch()
    here.app.scheduled = [every_minute(lambda: None)]
    here.arrive()
    here.work()
    fill(engine, 100_000)
    here.clock.turn(minutes=1)
    reader.items_read = 0
    yield reader
    services.use(None)
    engine.close()


def test_a_tick_reads_a_handful_of_items_at_a_hundred_thousand_infos(crowded: Reader) -> None:
    scheduler.tick()
    assert 0 < crowded.items_read < 40


def test_a_sweep_reads_only_what_is_due(crowded: Reader) -> None:
    sent = scheduler.resend_due_messages()
    assert crowded.items_read == sent
