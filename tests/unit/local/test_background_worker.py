from __future__ import annotations

import asyncio
import logging

import pytest

from infra.local.background_worker import BackgroundWorker


def test_everything_due_is_carried_out_when_asked() -> None:
    due = [1, 2, 3]

    def one() -> bool:
        if due:
            due.pop()
            return True
        emptied.set()
        return False

    async def run() -> None:
        drain = BackgroundWorker(one, lambda: None)
        running = asyncio.create_task(drain.run())
        drain.soon()
        await asyncio.wait_for(emptied.wait(), 10)
        running.cancel()

    emptied = asyncio.Event()
    asyncio.run(run())
    assert due == []


def test_waiting_participants_are_notified_after_each_message() -> None:
    due, told = [1, 2], []
    drain = BackgroundWorker(lambda: bool(due and due.pop()), lambda: told.append(1))
    asyncio.run(drain.empty())
    assert len(told) == 2


def test_requests_pass_between_two_messages() -> None:
    order = []
    due = ["first", "second"]

    def one() -> bool:
        if due:
            order.append(due.pop(0))
            return True
        return False

    async def request() -> None:
        order.append("request")

    async def run() -> None:
        drain = BackgroundWorker(one, lambda: None)
        await asyncio.gather(drain.empty(), request())

    asyncio.run(run())
    assert order == ["first", "request", "second"]


def test_a_failing_message_is_logged_and_does_not_stop_the_run(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> bool:
        raise LookupError("gone")

    with caplog.at_level(logging.ERROR, logger="petri.local"):
        asyncio.run(BackgroundWorker(fail, lambda: None).empty())
    assert "A message failed" in caplog.text


def test_the_results_of_messages_reach_the_disk_when_none_is_left() -> None:
    order: list[str] = []
    due = ["one", "two"]

    def one() -> bool:
        order.extend(due[:1])
        return bool(due and due.pop(0))

    async def durable() -> None:
        order.append("disk")

    asyncio.run(BackgroundWorker(one, lambda: None, durable=durable).empty())
    assert order == ["one", "two", "disk"]


def test_messages_are_handled_for_as_long_as_requests_took() -> None:
    order: list[str] = []
    due = ["m1", "m2", "m3", "m4", "m5"]
    now = [0.0]

    def one() -> bool:
        if not due:
            return False
        order.append(due.pop(0))
        now[0] += 1
        return True

    async def requests() -> None:
        for name in ("r1", "r2"):
            order.append(name)
            now[0] += 3
            await asyncio.sleep(0)

    async def run() -> None:
        asyncio.get_running_loop().time = lambda: now[0]  # type: ignore[method-assign]
        await asyncio.gather(BackgroundWorker(one, lambda: None).empty(), requests())

    asyncio.run(run())
    assert order == ["m1", "r1", "m2", "m3", "m4", "r2", "m5"]
