from __future__ import annotations

from pathlib import Path

from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.reports.run_report import Summary, summary_of, summary_of_file


def test_participants_are_counted_by_status() -> None:
    rows = [{"status": "working"}, {"status": "approved"}, {"status": "approved"}]
    assert summary_of(rows, []).statuses == {"approved": 2, "working": 1}


def test_the_yield_is_the_share_of_approved_participants() -> None:
    assert Summary({"approved": 1, "abandoned": 3}, 0, 0).yielded == 0.25


def test_a_run_without_participants_yields_nothing() -> None:
    assert Summary({}, 0, 0).yielded == 0


def test_full_networks_are_counted_the_same_from_files_and_tables() -> None:
    rows = [{"full": 1}, {"full": "True"}, {"full": True}, {"full": "False"}, {"full": 0}]
    counted = summary_of([], rows)
    assert (counted.networks_full, counted.networks) == (3, 5)


def test_a_file_in_use_is_counted(tmp_path: Path) -> None:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    assert summary_of_file(tmp_path / "run.sqlite").participants == 0
    engine.close()
