"""Processes that die in the middle of a large commit, and what they leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.model import keys
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from chalicelib.storage.engine_store import EngineStore
from tests.contract.factories import (
    Gaps,
    dump,
)
from tests.tools.engines import Crash, FailingEngine


def crowd(engine: Engine) -> int:
    """How many wait in the network: 150 where the engine takes 100 writes, 20 where it takes 13."""
    return 150 if engine.max_writes == 100 else 20


def leftovers(engine: Engine) -> list[Any]:
    """Return what is staged and not published, and leases."""
    items = dump(engine)
    published = {key[1]: item.get("pub", 0) for key, item in items.items() if key[0] == keys.NETWORKS}
    found: list[Any] = [key for key, item in items.items() if item.get("lease")]
    for key, item in items.items():
        if key[0] == keys.NETWORKS:
            visible = published.get("#", 0)
        else:
            visible = published.get(f"{item.get('network_id', 0):05d}", 0)
        found += [key] if item.get("s", 0) > visible else []
    return found


def crash_at(app: App, engine: Engine, commit: int, act: Callable[[], Any]) -> None:
    """Have the process die after so many commits; 0: before the first."""
    when = "after" if commit else "before"
    app.store = EngineStore(FailingEngine(engine, fail_at=max(commit, 1), when=when))  # type: ignore[arg-type]
    with pytest.raises(Crash):
        act()
    app.store = EngineStore(engine)


def commits_of(app: App, engine: Engine, act: Callable[[], Any]) -> int:
    counting = FailingEngine(engine, fail_at=0)
    app.store = EngineStore(counting)
    act()
    return counting.commits


def in_every_gap(app: App, engine: Engine, act: Callable[[], Any], look: Callable[[], Any]) -> list[Any]:
    """Run an operation; return what `look` gave after each of its commits."""
    found: list[Any] = []
    app.store = EngineStore(Gaps(engine, lambda: found.append(look())))
    act()
    app.store = EngineStore(engine)
    return found
