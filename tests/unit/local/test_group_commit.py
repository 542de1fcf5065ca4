from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.storage.engine import Put
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.local.group_commit import GroupCommit
from infra.local.serial_dispatcher import SerialDispatcher
from tests.unit.local.test_dispatcher import post
from tests.unit.local.toy import toy_app


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SQLiteEngine]:
    found = SQLiteEngine(tmp_path / "run.sqlite", sync_later=True)
    yield found
    found.close()


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were synced to disk, in order."""
    seen: list[str] = []
    real = os.fsync

    def note(file: int) -> None:
        seen.append(f"sync {len(seen) + 1}")
        real(file)

    monkeypatch.setattr(os, "fsync", note)
    return seen


def commit(engine: SQLiteEngine, number: int) -> None:
    engine.commit([Put({"pk": "a", "sk": str(number), "kind": "info", "v": 1})])


def test_commits_of_one_moment_reach_the_disk_in_one_go(engine, syncs):
    durability = GroupCommit(engine)

    async def request(number: int) -> None:
        commit(engine, number)
        await durability.reached()

    async def run() -> None:
        await asyncio.gather(*(request(number) for number in range(5)))

    asyncio.run(run())
    assert syncs == ["sync 1"]


def test_no_request_returns_before_its_commit_is_on_disk(engine):
    durability = GroupCommit(engine)

    async def request(number: int) -> bool:
        commit(engine, number)
        await durability.reached()
        return engine.unsynced

    async def run() -> list[bool]:
        return await asyncio.gather(*(request(number) for number in range(3)))

    assert asyncio.run(run()) == [False, False, False]


def test_a_request_that_changed_nothing_costs_no_sync(engine, syncs):
    asyncio.run(GroupCommit(engine).reached())
    assert syncs == []


def test_when_the_sync_fails_every_waiting_request_fails(engine, monkeypatch):
    def refuse(file: int) -> None:
        raise OSError(5, "Input/output error")

    async def request(number: int) -> None:
        commit(engine, number)
        await durability.reached()

    async def run() -> list[BaseException | None]:
        return await asyncio.gather(*(request(number) for number in range(2)), return_exceptions=True)

    durability = GroupCommit(engine)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", refuse)
        told = asyncio.run(run())
    assert [type(each) for each in told] == [OSError, OSError]


def test_a_client_that_disconnected_does_not_stop_the_others_sync(engine):
    durability = GroupCommit(engine)

    async def run() -> None:
        commit(engine, 1)
        gone = asyncio.create_task(durability.reached())
        stays = asyncio.create_task(durability.reached())
        await asyncio.sleep(0)
        gone.cancel()
        await stays

    asyncio.run(run())
    assert not engine.unsynced


def test_an_answer_waits_for_the_disk():
    waited: list[str] = []

    async def durable() -> None:
        waited.append("for the disk")

    asyncio.run(post(SerialDispatcher(toy_app(), durable=durable), "/info/9"))
    assert waited == ["for the disk"]


def test_a_held_join_reports_for_how_long():
    answer = asyncio.run(post(SerialDispatcher(toy_app(), hold=0.01), "/node/1"))
    assert (answer.header(b"server-timing") or b"").startswith(b"hold;dur=")


def test_commits_are_on_the_disk_when_the_file_is_closed(tmp_path, syncs):
    engine = SQLiteEngine(tmp_path / "run.sqlite", sync_later=True)
    commit(engine, 1)
    engine.close()
    assert not engine.unsynced
    assert syncs


def test_an_engine_that_syncs_at_once_leaves_nothing_to_sync(tmp_path, syncs):
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    commit(engine, 1)
    engine.sync()
    engine.close()
    assert syncs == []


def test_a_failed_sync_is_tried_again(engine, monkeypatch, syncs):
    def refuse(file: int) -> None:
        raise OSError(5, "Input/output error")

    commit(engine, 1)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", refuse)
        with pytest.raises(OSError, match="Input/output"):
            engine.sync()
    engine.sync()
    assert syncs == ["sync 1"]


def test_another_process_sees_what_is_not_synced_yet(engine, tmp_path):
    commit(engine, 1)
    other = SQLiteEngine(tmp_path / "run.sqlite")
    found = list(other.query("a"))
    other.close()
    assert len(found) == 1
