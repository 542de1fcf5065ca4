"""Reads of the dashboard run beside the lane that serves participants, with an app of their own."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from chalice.app import Chalice

from chalicelib import services
from chalicelib.errors import Busy
from chalicelib.experiment.experiment import Experiment
from chalicelib.services import App
from chalicelib.storage.engine_store import EngineStore
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.lambda_events.responses import ProxyResponse
from infra.local.dashboard import read_pool
from infra.local.dashboard.read_pool import ReadPool
from tests.contract.factories import not_launched
from tests.unit.local.toy import running

#: How long a test waits for what happens at once unless something is broken.
LONG = 20.0
JSON = "application/json"


class Scene:
    """A small app with a dashboard, whose reads wait until a test lets them go on."""

    def __init__(self, app: App, reader: SQLiteEngine) -> None:
        self.app = app
        self.entered = threading.Semaphore(0)
        self.go_on = threading.Event()
        store = EngineStore(reader)
        self.pool = ReadPool(lambda: dataclasses.replace(app, store=store), reader.took_refusal)
        self.chalice = Chalice("dashboard", configure_logs=False)
        self.threads: list[str] = []
        self._declare(self.chalice)

    def _declare(self, chalice: Chalice) -> None:
        @chalice.route("/dashboard/{tab}")
        def slow(tab: str) -> dict[str, Any]:
            self.entered.release()
            assert self.go_on.wait(LONG)
            return {"tab": tab, "query": chalice.current_request.query_params["of"]}

        @chalice.route("/dashboard/{tab}", methods=["POST"], content_types=[JSON])
        def change(tab: str) -> dict[str, Any]:
            self.threads.append(threading.current_thread().name)
            return {"tab": tab}

        @chalice.route("/dashboard")
        def whose() -> dict[str, Any]:
            self.threads.append(threading.current_thread().name)
            return {"is_main": services.current() is self.app}

        @chalice.route("/api/v1/{resource}")
        def writes(resource: str) -> dict[str, Any]:
            self.threads.append(threading.current_thread().name)
            try:
                services.current().run(lambda ctx: ctx.uow.state.update(seen=resource))
            except Busy:
                return {"problem": "a page of its own"}
            return {"resource": resource}

        @chalice.route("/participant")
        def participant() -> dict[str, Any]:
            return {"is_main": services.current() is self.app}

        @chalice.route("/api/v1/{resource}/{id}")
        def fails(resource: str, id: str) -> dict[str, Any]:
            raise ValueError(f"{resource}/{id}")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    app = not_launched(engine, Experiment)
    reader = SQLiteEngine(engine.path, read_only=True)
    services.use(app)
    found = Scene(app, reader)
    yield found
    found.go_on.set()
    found.pool.close()
    reader.close()
    engine.close()
    services.use(None)


@pytest.fixture
def address(scene: Scene, tmp_path: Path) -> Iterator[str]:
    with running(scene.chalice, tmp_path, reads=scene.pool) as url:
        yield url


def in_thread(call: Callable[[], Any]) -> Callable[[], Any]:
    """Begin a call in a thread; return the function that waits for its result."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()

    def result() -> Any:
        thread.join(LONG)
        return found[0]

    return result


def test_a_participant_is_served_while_a_page_of_the_dashboard_is_made(scene: Scene, address: str) -> None:
    page = in_thread(lambda: requests.get(f"{address}/dashboard/slow?of=1", timeout=LONG).json())
    assert scene.entered.acquire(timeout=LONG)
    assert requests.get(f"{address}/participant", timeout=LONG).json() == {"is_main": True}
    scene.go_on.set()
    assert page() == {"tab": "slow", "query": "1"}


def test_two_pages_at_once_each_have_their_own_request(scene: Scene, address: str) -> None:
    pages = [
        in_thread(lambda of=of: requests.get(f"{address}/dashboard/{of}?of={of}", timeout=LONG).json())
        for of in ("one", "two")
    ]
    assert scene.entered.acquire(timeout=LONG)
    assert scene.entered.acquire(timeout=LONG)
    scene.go_on.set()
    assert [page() for page in pages] == [{"tab": of, "query": of} for of in ("one", "two")]


def test_a_read_has_an_app_of_its_own_and_a_change_has_the_run_s(scene: Scene, address: str) -> None:
    assert requests.get(f"{address}/dashboard", timeout=LONG).json() == {"is_main": False}
    requests.post(f"{address}/dashboard/close", json={}, timeout=LONG)
    read, change = scene.threads
    assert read.startswith("dashboard-")
    assert not change.startswith("dashboard-")


def test_a_read_that_writes_is_run_again_where_changes_are_made(scene: Scene, address: str) -> None:
    said = requests.get(f"{address}/api/v1/sessions", timeout=LONG)
    assert said.json() == {"resource": "sessions"}
    assert [name.startswith("dashboard-") for name in scene.threads] == [True, False]
    with scene.app.store.begin(scene.app.clock.now()) as work:
        assert work.state["seen"] == "sessions"


def test_an_error_of_a_read_is_answered_and_the_next_read_is_served(scene: Scene, address: str) -> None:
    assert requests.get(f"{address}/api/v1/a/b", timeout=LONG).status_code == 500
    assert requests.get(f"{address}/dashboard", timeout=LONG).status_code == 200


def test_other_paths_and_changes_are_not_reads_of_the_dashboard() -> None:
    served = [
        ReadPool.serves(*one)
        for one in (("GET", "/dashboards"), ("GET", "/api/v10"), ("POST", "/api/v1/x"), ("GET", "/info/1"))
    ]
    assert served == [False] * 4
    assert not ReadPool.serves("POST", "/dashboard/sign-in")
    assert not ReadPool.serves("GET", "/dashboard/sign-in/new-password")
    assert ReadPool.serves("GET", "/dashboard/sign-in/openid/university")
    assert not ReadPool.serves("POST", "/dashboard/account/make-token")
    assert ReadPool.serves("POST", "/dashboard/sign-in/password")
    assert ReadPool.serves("GET", "/dashboard")
    assert ReadPool.serves("GET", "/api/v1/networks")


def test_reads_beyond_those_that_may_wait_are_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_pool, "MOST_WAITING", 0)
    never: Callable[[], ProxyResponse] = lambda: pytest.fail("It was called.")  # noqa: E731
    refused = asyncio.run(scene.pool.answer(never))
    assert refused is not None
    assert (refused.status, refused.header(b"retry-after")) == (503, b"2")


def test_a_hook_that_never_returns_does_not_keep_the_process(scene: Scene) -> None:
    async def read() -> None:
        reading = asyncio.ensure_future(
            scene.pool.answer(lambda: scene.go_on.wait() and ProxyResponse(200, (), b""))
        )
        await asyncio.sleep(0)
        reading.cancel()

    asyncio.run(read())
    assert [thread.daemon for thread in scene.pool._threads] == [True, True]
