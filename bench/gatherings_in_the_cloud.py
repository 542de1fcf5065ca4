"""Measures the same crowd on moto's DynamoDB, with operations called from threads, without pages."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

from bench.gatherings import CROWD, WITHIN, Gathered
from chalicelib import bootstrap
from chalicelib.experiment.experiment import Experiment
from chalicelib.model import keys
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.ports import TRANSIENT, Key, Message
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from chalicelib.workers import queue_consumer
from infra.local.moto.moto_engine import started

DOORS, WORKERS = 4, 2


class Workers:
    """Process due messages while participants arrive; a burst of nudges is coalesced into one message."""

    def __init__(self, app: App) -> None:
        self._soon = app.clock.now() + timedelta(hours=1)
        self._messages: queue.Queue[Message] = queue.Queue()
        self._nudges: set[Key] = set()

    def send(self, *messages: Message) -> None:
        for message in messages:
            self._send(message)

    def _send(self, message: Message) -> None:
        later = message.due is not None and message.due > self._soon
        if later or message.key in self._nudges:
            return
        if message.key[0] == TRANSIENT:
            self._nudges.add(message.key)
        self._messages.put(message)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        for _ in range(WORKERS):
            threading.Thread(target=self._work, daemon=True).start()
        yield
        self._messages.join()

    def _work(self) -> None:
        while True:
            message = self._messages.get()
            self._nudges.discard(message.key)
            queue_consumer.handle(message)
            self._messages.task_done()


def gather_in_the_cloud(size: int) -> Gathered:
    """Let a crowd arrive, and wait until the outbox is empty."""
    draw = random.Random(size)
    pauses = [draw.uniform(0, WITHIN) for _ in range(CROWD)]
    gathering = type("Gathering", (Experiment,), {"room_size": size})
    with started() as new_engine:
        engine = new_engine("bench")
        app = bootstrap.local(
            gathering, {"mode": "debug", "recruiter": "hotair"}, app_id="bench", engine=engine
        )
        workers = app.queue = Workers(app)
        began = time.perf_counter()
        with workers.at_work(), ThreadPoolExecutor(DOORS) as doors:
            arrived = list(doors.map(lambda one: _arrive(app, began, *one), enumerate(pauses)))
        ended = time.perf_counter()
        found = _outcome(engine, size, arrived, ended)
        engine.close()
    return found


def _arrive(app: App, began: float, number: int, pause: float) -> float:
    time.sleep(max(0.0, began + pause - time.perf_counter()))
    app.run(create_participant, EntryRequest(f"w{number}", "h", f"a{number}", recruiter="hotair"))
    return time.perf_counter()


def _outcome(engine: Engine, size: int, arrived: list[float], ended: float) -> Gathered:
    opened = [list(item["members"]) for item in engine.query(keys.ROOMS) if item["kind"] == "room"]
    seats = Counter(one for room in opened for one in room)
    return Gathered(
        way="DynamoDB by moto, operations on threads",
        size=size,
        people=len(arrived),
        rooms=len(opened),
        wrong_rooms=sum(len(room) != size for room in opened) + sum(count > 1 for count in seats.values()),
        unseated=len(arrived) - len(seats),
        median=None,
        p95=None,
        after_last=ended - max(arrived),
        frames=None,
    )
