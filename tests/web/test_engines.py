"""One walk through the API over each engine: what is answered doesn't depend on where it is stored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib import services
from chalicelib.storage.sqlite import SQLiteEngine
from infra.local.moto_engine import started
from tests.web.experiments import Retelling
from tests.web.world import OPERATOR_TOKEN, World, build_world


@pytest.fixture(params=["sqlite", "dynamodb"])
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A run of `Retelling` over a file, and over DynamoDB played by moto."""
    if request.param == "sqlite":
        engine: Any = SQLiteEngine(tmp_path / "run.sqlite")
        yield build_world(Retelling, engine, {}).launch()
        engine.close()
    else:
        with started() as new_engine:
            engine = new_engine("web-tests")
            yield build_world(Retelling, engine, {}).launch()
            engine.close()
    services.use(None)


def walk(here: World) -> list[Any]:
    """Take part twice, from the beginning to the pay; return all that was answered."""
    said: list[Any] = []
    for words in ("first", "second \U0001f642 \u0645\u0631\u062d\u0628\u0627"):
        person = here.arrive()
        node = person.join()
        said += [
            person.get(f"/node/{node}/received_infos").body,
            person.post(f"/info/{node}", {"contents": words, "details": {"a": 1.5}}, request_id="r1").body,
            person.post(f"/info/{node}", {"contents": words, "details": {"a": 1.5}}, request_id="r1").body,
            person.post(f"/info/{node}", {"contents": "else"}, request_id="r1").status,
            person.get(f"/node/{node}/neighbors", {"connection": "from"}).body,
            person.post(f"/question/{person.id}", {"question": "q", "response": "r", "number": 1}).body,
            person.finish().body,
        ]
        here.work()
        said.append(person.now())
    said += [here.get("/summary").body, here.get("/network/1", token=OPERATOR_TOKEN).body]
    return said


def test_a_whole_run_is_answered_as_over_sqlite_in_memory(here: World) -> None:
    over_memory = build_world(Retelling, SQLiteEngine(":memory:"), {}).launch()
    expected = walk(over_memory)
    over_memory.engine.close()
    services.use(here.app)
    assert walk(here) == expected


def test_who_comes_too_early_waits(here: World) -> None:
    here.arrive().join()
    late = here.arrive()
    assert late.post(f"/node/{late.id}").code == "network_busy"


def test_a_worker_id_may_hold_any_character(here: World) -> None:
    said = here.post("/participant", {"workerId": "w\U0001f642/#?", "hitId": "h", "assignmentId": "a#1"})
    assert said["participant"]["unique_id"] == "w\U0001f642/#?:a#1"
