"""On a local host, providers are asked in a thread beside the lane that serves participants, and once."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib import services
from chalicelib.dashboard.sign_in.other_ways import openid_sign_in
from chalicelib.identity import provider_client
from chalicelib.storage.engine_store import EngineStore
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.lambda_events.responses import ProxyResponse
from infra.local.dashboard.read_pool import ReadPool
from tests.tools.signing_in.standin import CLIENT, SECRET, StandInProvider
from tests.web.experiments import Talk
from tests.web.world import World, build_world

from .signing_in import StrangersBrowser

AT = "sign-in/openid/university"
RULES = [{"role": "Viewer", "email_domain": "example.edu"}]


@pytest.fixture
def standin() -> Iterator[StandInProvider]:
    openid_sign_in._client.cache_clear()
    with StandInProvider.running() as running:
        yield running


@pytest.fixture
def here(tmp_path: Path, standin: StandInProvider) -> Iterator[World]:
    """A run in a file, whose host tries requests to providers beside the lane first."""
    path = tmp_path / "run.sqlite"
    fields = {"issuer": standin.issuer, "client_id": CLIENT, "label": "Example University", "rules": RULES}
    settings = {
        "oidc_providers": json.dumps({"university": fields}),
        "oidc_client_secrets": json.dumps({"university": SECRET}),
    }
    with closing(SQLiteEngine(path)) as engine, closing(SQLiteEngine(path, read_only=True)) as reader:
        made = build_world(Talk, engine, settings, []).launch()

        def at_this_time(claims: dict[str, Any]) -> dict[str, Any]:
            now = int(made.clock.now().timestamp())
            return claims | {"iat": now, "exp": now + 300}

        standin.change_claims = at_this_time
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
def asked_in(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads that have asked a provider."""
    threads: list[str] = []
    ask = provider_client.json_of

    def noted(*args: Any, **named: Any) -> Any:
        threads.append(threading.current_thread().name)
        return ask(*args, **named)

    monkeypatch.setattr(provider_client, "json_of", noted)
    return threads


def test_no_provider_is_asked_on_the_lane(here: World, standin: StandInProvider, asked_in: list[str]) -> None:
    browser = StrangersBrowser(here)
    begun = browser.open(AT)
    assert browser.open(AT, standin.code_for(begun.headers["location"])).status == 303
    assert browser.open("overview").status == 200
    assert len(asked_in) == 3
    assert all(name.startswith("dashboard-") for name in asked_in)
    assert standin.calls.count("POST /token") == 1


def test_an_answer_that_the_provider_does_not_confirm_is_asked_about_once_and_counted(
    here: World, standin: StandInProvider, asked_in: list[str]
) -> None:
    for number in range(12):
        browser = StrangersBrowser(here)
        answer = standin.code_for(browser.open(AT).headers["location"])
        said = browser.open(AT, {**answer, "code": f"guess-{number}"})
        assert said.status == (403 if number < 11 else 429), said
    assert standin.calls.count("POST /token") == 11
    assert int(said.headers["retry-after"]) > 0
    assert all(name.startswith("dashboard-") for name in asked_in)
