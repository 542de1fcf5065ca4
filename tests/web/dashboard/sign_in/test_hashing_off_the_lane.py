"""On a local host, passwords are hashed in a thread beside the lane that serves participants."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib import services
from chalicelib.operations.accounts import passwords
from chalicelib.operations.accounts.credentials import password_hashing
from chalicelib.storage.engine_store import EngineStore
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.lambda_events.responses import ProxyResponse
from infra.local.dashboard.read_pool import ReadPool
from tests.web.experiments import Talk
from tests.web.world import World, build_world

from .signing_in import StrangersBrowser, add_user_with_password

NEW = "eleven quiet harbours wait"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    """A run in a file, whose host tries requests that hash passwords beside the lane first."""
    path = tmp_path / "run.sqlite"
    with closing(SQLiteEngine(path)) as engine, closing(SQLiteEngine(path, read_only=True)) as reader:
        made = build_world(Talk, engine, {}, []).launch()
        add_user_with_password(made)
        store = EngineStore(reader)
        with closing(ReadPool(lambda: replace(made.app, store=store), reader.took_refusal)) as pool:
            on_the_lane = made.lane.invoke

            def invoke(event: dict[str, Any]) -> ProxyResponse:
                if not pool.serves(event["httpMethod"], event["path"]):
                    return on_the_lane(event)
                return asyncio.run(pool.answer(lambda: on_the_lane(event))) or on_the_lane(event)

            made.lane.invoke = invoke  # type: ignore[method-assign]
            yield made
        services.use(None)


@pytest.fixture
def hashed_in(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads that have computed a hash."""
    threads: list[str] = []
    compute = password_hashing._hasher

    def noted() -> Any:
        threads.append(threading.current_thread().name)
        return compute()

    monkeypatch.setattr(password_hashing, "_hasher", noted)
    # Other tests hash the same passwords.
    monkeypatch.setattr(password_hashing, "_recent", password_hashing._RecentResults())
    monkeypatch.setattr(passwords, "needs_new_hash", lambda _: False)
    return threads


def test_no_hash_is_computed_on_the_lane(here: World, hashed_in: list[str]) -> None:
    password_hashing.dummy_hash()
    hashed_in.clear()
    browser = StrangersBrowser(here)
    assert browser.sign_in(password="a wrong password").status == 401
    assert browser.sign_in().status == 303
    fields = {"password": "seven green bicycles sing", "new-password": NEW, "again": NEW}
    assert browser.post("account/password", fields).status == 303
    assert StrangersBrowser(here).sign_in(password=NEW).status == 303
    assert len(hashed_in) == 4
    assert all(name.startswith("dashboard-") for name in hashed_in)
