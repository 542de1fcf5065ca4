"""One walk through the API over each engine: what is answered doesn't depend on where it is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib import services
from chalicelib.experiment.config.known_settings import LONGEST_ANSWER
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.local.moto.moto_engine import started
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


def test_a_participant_who_comes_too_early_waits(here: World) -> None:
    here.arrive().join()
    late = here.arrive()
    assert late.post(f"/node/{late.id}").code == "network_busy"


def test_a_worker_id_may_hold_any_character(here: World) -> None:
    said = here.post("/participant", {"workerId": "w\U0001f642/#?", "hitId": "h", "assignmentId": "a#1"})
    assert said["participant"]["unique_id"] == "w\U0001f642/#?:a#1"


def kept(here: World, participant_id: int) -> list[tuple[int, str, str]]:
    """Return the number, question and response of each answer of a participant, as stored."""
    with here.app.store.begin(here.clock.now()) as work:
        questions = work.questions_of(work.participant(participant_id))
        return [(one.number, one.question, one.response) for one in questions]


def test_a_questionnaire_longer_than_one_transaction_is_kept_once_and_whole(here: World) -> None:
    person = here.arrive()
    answers = {f"item{number}": str(number) for number in range(1, 201)}
    for _ in range(2):
        said = person.post(f"/question/{person.id}", {"answers": json.dumps(answers)}, request_id="r1")
        assert said.status == 200
    assert kept(here, person.id) == [(number, f"item{number}", str(number)) for number in range(1, 201)]


@pytest.mark.parametrize("character", ["x", "\N{CJK UNIFIED IDEOGRAPH-4E00}"])
def test_answers_of_the_largest_size_are_kept_in_commits_that_the_cloud_takes(
    here: World, character: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = here.app.config.get
    longest = {"question_max_length": LONGEST_ANSWER}
    monkeypatch.setattr(here.app.config, "get", lambda key, *other: longest.get(key) or get(key, *other))
    person = here.arrive()
    many = 40
    answers = {f"item{number}": character * LONGEST_ANSWER for number in range(many)}
    said = person.post(f"/question/{person.id}", {"answers": json.dumps(answers, ensure_ascii=False)})
    assert said.status == 200
    assert [number for number, *_ in kept(here, person.id)] == list(range(1, many + 1))


def test_a_long_questionnaire_with_one_answer_that_is_too_long_is_refused_whole(here: World) -> None:
    person = here.arrive()
    answers = {**{f"item{number}": "x" for number in range(150)}, "essay": "x" * 1001}
    said = person.post(f"/question/{person.id}", {"answers": json.dumps(answers)})
    assert (said.status, said.code) == (400, "question_too_long")
    assert kept(here, person.id) == []
