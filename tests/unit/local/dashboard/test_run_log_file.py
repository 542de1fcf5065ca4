"""The log of a local run is read from its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.local.dashboard.run_log_file import RunLogFile


def line(number: int, **fields: object) -> str:
    written = {"level": "INFO", "message": f"line {number}", "timestamp": "2026-03-01 12:00:00,000+0000"}
    return json.dumps({**written, **fields}, ensure_ascii=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.log"


def test_the_latest_lines_come_first(path: Path) -> None:
    path.write_text("\n".join(map(line, range(5))) + "\n", encoding="utf-8")
    assert [each.message for each in RunLogFile(path).latest(3)] == ["line 4", "line 3", "line 2"]


def test_lines_that_span_blocks_are_read_whole(path: Path) -> None:
    texts = [f"{number} {'é' * 5_000}" for number in range(60)]
    path.write_text("\n".join(line(0, message=text) for text in texts) + "\n", encoding="utf-8")
    assert [each.message for each in RunLogFile(path).latest(100)] == texts[::-1]


def test_a_run_that_has_logged_nothing_has_no_lines(path: Path) -> None:
    assert RunLogFile(path).latest(10) == []
    path.touch()
    assert RunLogFile(path).latest(10) == []


@pytest.mark.parametrize("broken", ['{"level": "INFO", "mess', "no JSON", "[1]", '"text"', ""])
def test_a_line_that_is_being_written_is_left_out(path: Path, broken: str) -> None:
    path.write_text(f"{line(1)}\n{broken}", encoding="utf-8")
    assert [each.message for each in RunLogFile(path).latest(10)] == ["line 1"]


def test_a_request_is_one_sentence(path: Path) -> None:
    fields = {"message": "refused", "method": "POST", "route": "/info/{node_id}", "status": 403, "ms": 1.5}
    path.write_text(line(1, **fields, error_code="node_failed", participant_id=7), encoding="utf-8")
    (found,) = RunLogFile(path).latest(1)
    assert found.message == "POST /info/{node_id} 403 node_failed in 1.5 ms"
    assert (found.participant_id, found.at) == (7, "2026-03-01T12:00:00+00:00")


def test_a_text_that_names_people_is_replaced_by_the_one_that_does_not(path: Path) -> None:
    path.write_text(line(1, message="Mail to ann@example.org", shareable="A mail"), encoding="utf-8")
    assert RunLogFile(path).latest(1)[0].message == "A mail"
