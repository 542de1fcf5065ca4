"""The queues and schedules that the contract suite runs over, each with an app and what consumes for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

import app as handlers
from chalicelib import bootstrap, services
from chalicelib.experiment.experiment import Experiment
from chalicelib.messages import RunTimer
from chalicelib.messaging.local_queue import LocalQueue, LocalSchedule
from chalicelib.messaging.sqs import SQSQueue
from chalicelib.operations.shared.context import Context
from chalicelib.ports import Queue, TickSchedule
from chalicelib.services import App
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.local.moto.moto_cloud import MotoCloud
from infra.local.moto.moto_engine import started
from tests.web.clock import HandClock

#: The longest that a test waits for what must come, in seconds; nothing is measured by it.
PATIENCE = 30.0


class Carrier(Protocol):
    """A queue and a schedule, and what a test needs to see of them."""

    queue: Queue
    schedule: TickSchedule

    def rings(self) -> bool:
        """Whether the schedule is on."""

    def receive(self) -> list[dict[str, Any]]:
        """Take what has come, as the records of an event."""

    def hand_over(self, records: list[dict[str, Any]]) -> list[str]:
        """Have records consumed; return those that failed."""


@dataclass
class Local:
    """The twins of one process."""

    clock: HandClock
    queue: LocalQueue = field(init=False)
    schedule: LocalSchedule = field(default_factory=LocalSchedule)
    _taken: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.queue = LocalQueue(self.clock)

    def rings(self) -> bool:
        return self.schedule.is_on

    def receive(self) -> list[dict[str, Any]]:
        message = self.queue.take()
        if message is None:
            return []
        records: list[dict[str, Any]] = LocalQueue.as_event(message, self.queue.tries(message))["Records"]
        self._taken[records[0]["messageId"]] = message
        return records

    def hand_over(self, records: list[dict[str, Any]]) -> list[str]:
        answer = handlers.on_message({"Records": records}, None)
        failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
        for record in records:
            message = self._taken.pop(record["messageId"])
            (self.queue.failed if record["messageId"] in failed else self.queue.done)(message)
        return failed


@dataclass
class OfCloud:
    """SQS and EventBridge as moto plays them; its time is the machine's."""

    clock: HandClock
    cloud: MotoCloud = field(default_factory=MotoCloud)
    queue: SQSQueue = field(init=False)
    schedule: TickSchedule = field(init=False)

    def __post_init__(self) -> None:
        self.cloud.make()
        self.queue = self.cloud.queue(self.clock)
        self.schedule = self.cloud.schedule()

    def rings(self) -> bool:
        return self.cloud.schedule().is_on

    def receive(self) -> list[dict[str, Any]]:
        return self.cloud.receive()

    def hand_over(self, records: list[dict[str, Any]]) -> list[str]:
        return self.cloud.hand_over(records, handlers.on_message)


class Noting(Experiment):
    """Notes what its timers call."""

    rung: list[str] = []

    def note(self, word: str) -> None:
        type(self).rung.append(word)

    def fail(self, word: str) -> None:
        type(self).rung.append(word)
        raise LookupError("the author's mistake")


@dataclass
class Post:
    """A run whose messages travel by one of the twins."""

    app: App
    carrier: Carrier
    clock: HandClock
    rung: list[str]

    def post(self, *words: str, after: float = 0.0, method: str = "note") -> None:
        """Commit a timer for each word, all in one commit."""
        self.app.run(_posting, words, after, method)

    def send_transient(self, word: str, name: str, after: float = 0.0) -> None:
        """Nudge, as a commit of its own does."""
        self.app.run(_nudging, word, name, after)

    def work(self, times: int = 1) -> int:
        """Hand over what is there, so often; return how many records came."""
        came = 0
        for _ in range(times):
            records = self.carrier.receive()
            came += len(records)
            self.carrier.hand_over(records)
        return came

    def work_until(self, is_done: Callable[[], bool]) -> None:
        """Hand over whatever comes until something is so; time passes meanwhile, by either clock."""
        until = time.monotonic() + PATIENCE
        while not is_done():
            assert time.monotonic() < until, "what was waited for didn't come"
            if not self.work():
                time.sleep(0.02)
                self.clock.turn(seconds=0.02)

    def next_record(self) -> dict[str, Any]:
        """Wait for what comes next."""
        until = time.monotonic() + PATIENCE
        while not (records := self.carrier.receive()):
            assert time.monotonic() < until, "nothing came"
            time.sleep(0.02)
            self.clock.turn(seconds=0.02)
        return records[0]

    def recorded(self) -> int:
        """How many messages are recorded and not done."""
        return len(self.app.store.due(self.clock.now() + timedelta(days=365)))


def _posting(ctx: Context, words: tuple[str, ...], after: float, method: str) -> None:
    for word in words:
        timer = RunTimer(method, {"word": word})
        ctx.uow.post(timer, due=ctx.now + timedelta(seconds=after) if after else None)


def _nudging(ctx: Context, word: str, name: str, after: float) -> None:
    timer = RunTimer("note", {"word": word})
    ctx.uow.send_transient(timer, name, due=ctx.now + timedelta(seconds=after) if after else None)


@pytest.fixture(scope="module")
def _moto_messages() -> Iterator[None]:
    """moto, for as many tests as a module has: patching botocore takes a while."""
    with started():
        yield


def _built(carrier: Carrier, clock: HandClock, database: Path) -> Iterator[Post]:
    engine = SQLiteEngine(database)
    rung: list[str] = []
    app = bootstrap.local(
        type("Noting", (Noting,), {"rung": rung}),
        {"mode": "debug", "recruiter": "hotair"},
        app_id="contract",
        engine=engine,
        clock=clock,
        queue=carrier.queue,
        schedule=carrier.schedule,
    )
    yield Post(app, carrier, clock, rung)
    services.use(None)
    engine.close()


@pytest.fixture
def local_post(tmp_path: Path) -> Iterator[Post]:
    clock = HandClock()
    yield from _built(Local(clock), clock, tmp_path / "run.sqlite")


@pytest.fixture
def cloud_post(_moto_messages: None, tmp_path: Path) -> Iterator[Post]:
    """A run over SQS and EventBridge; both are emptied by recreating them."""
    clock = HandClock()
    carrier = OfCloud(clock)
    yield from _built(carrier, clock, tmp_path / "run.sqlite")
    sqs, at = carrier.cloud.clients.maker("sqs")(), carrier.cloud.at
    for url in (*at.queues.values(), at.dead_queue):
        sqs.delete_queue(QueueUrl=url)


@pytest.fixture(params=["local_post", "cloud_post"])
def post(request: pytest.FixtureRequest) -> Post:
    """Each twin in turn."""
    found: Post = request.getfixturevalue(request.param)
    return found
