"""The log of a local run is read from its end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.local.dashboard import run_log_file
from infra.local.dashboard.run_log_file import RunLogFile


def line(number: int, **fields: object) -> str:
    written = {"level": "INFO", "message": f"line {number}", "timestamp": "2026-03-01 12:00:00,000+0000"}
    return json.dumps({**written, **fields}, ensure_ascii=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.log"


def test_the_latest_lines_come_first(path: Path) -> None:
    path.write_text("\n".join(map(line, range(5))) + "\n", encoding="utf-8")
    assert [each.message for each in RunLogFile(path).latest(3).lines] == ["line 4", "line 3", "line 2"]


def test_lines_that_span_blocks_are_read_whole(path: Path) -> None:
    texts = [f"{number} {'é' * 5_000}" for number in range(60)]
    path.write_text("\n".join(line(0, message=text) for text in texts) + "\n", encoding="utf-8")
    assert [each.message for each in RunLogFile(path).latest(100).lines] == texts[::-1]


def test_a_run_that_has_logged_nothing_has_no_lines(path: Path) -> None:
    assert RunLogFile(path).latest(10).lines == []
    path.touch()
    assert RunLogFile(path).latest(10).lines == []


@pytest.mark.parametrize("broken", ['{"level": "INFO", "mess', "no JSON", "[1]", '"text"', ""])
def test_a_line_that_is_being_written_is_left_out(path: Path, broken: str) -> None:
    path.write_text(f"{line(1)}\n{broken}", encoding="utf-8")
    assert [each.message for each in RunLogFile(path).latest(10).lines] == ["line 1"]


def test_a_request_is_one_sentence(path: Path) -> None:
    fields = {"message": "refused", "method": "POST", "route": "/info/{node_id}", "status": 403, "ms": 1.5}
    path.write_text(line(1, **fields, error_code="node_failed", participant_id=7), encoding="utf-8")
    (found,) = RunLogFile(path).latest(1).lines
    assert found.message == "POST /info/{node_id} 403 node_failed in 1.5 ms"
    assert (found.participant_id, found.at) == (7, "2026-03-01T12:00:00+00:00")


def test_a_text_that_names_people_is_replaced_by_the_one_that_does_not(path: Path) -> None:
    path.write_text(line(1, message="Mail to ann@example.org", shareable="A mail"), encoding="utf-8")
    assert RunLogFile(path).latest(1).lines[0].message == "A mail"


def test_lines_before_the_time_that_was_asked_for_are_left_out(path: Path) -> None:
    now = datetime.now(UTC)
    stamps = [(now - timedelta(minutes=age)).strftime("%Y-%m-%d %H:%M:%S,000+0000") for age in (90, 50, 5)]
    path.write_text("\n".join(line(n, timestamp=stamp) for n, stamp in enumerate(stamps)) + "\n", "utf-8")
    found = RunLogFile(path).latest(10, 60)
    assert [each.message for each in found.lines] == ["line 2", "line 1"]
    assert not found.is_partial
    assert datetime.fromisoformat(found.since) > now - timedelta(minutes=61)


def test_a_reading_says_when_there_are_more_lines(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text("\n".join(map(line, range(5))) + "\n", encoding="utf-8")
    log = RunLogFile(path)
    assert (log.latest(5).is_partial, log.latest(5).since) == (False, None)
    assert log.latest(4).is_partial
    monkeypatch.setattr(run_log_file, "_MOST_BYTES", len(line(1)) * 2)
    assert log.latest(5).is_partial


def test_all_errors_are_found_among_lines_of_which_few_are_parsed(path: Path) -> None:
    texts = [line(number, level="ERROR" if number % 500 == 7 else "INFO") for number in range(3_000)]
    texts[1_500] = line(1_500, level="CRITICAL")
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    found = RunLogFile(path).latest(5_000, errors_only=True)
    errors = [each.message for each in found.lines if each.level in ("ERROR", "CRITICAL")]
    assert errors == [f"line {number}" for number in (2_507, 2_007, 1_507, 1_500, 1_007, 507, 7)]
    assert len(found.lines) <= len(errors) + 3_000 // 200


def test_errors_of_the_latest_minutes_end_at_older_lines(path: Path) -> None:
    now, long_ago = (
        moment.strftime("%Y-%m-%d %H:%M:%S,000+0000")
        for moment in (datetime.now(UTC), datetime.now(UTC) - timedelta(hours=2))
    )
    old = [line(number, level="ERROR", timestamp=long_ago) for number in range(3)]
    new = [line(number, timestamp=now) for number in range(400)]
    recent = line(1_000, level="ERROR", timestamp=now)
    path.write_text("\n".join([*old, *new, recent]) + "\n", encoding="utf-8")
    found = RunLogFile(path).latest(5_000, 60, errors_only=True)
    assert [each.message for each in found.lines if each.level == "ERROR"] == ["line 1000"]
    assert not found.is_partial
