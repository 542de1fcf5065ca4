"""A study without a report of its own has one: who completed, by condition, and the answers to each item."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.export import write_zip
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.reports.study_report import study_report, summary_of
from petri.data import Data
from petri.report import Report
from tests.unit.export.runs import a_run
from tests.unit.export.study_runs import FORMULA, a_study


@pytest.fixture
def report(tmp_path: Path) -> Report:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    a_study(engine)
    data = Data(write_zip(engine, tmp_path, app_id="run"))
    engine.close()
    return study_report(data)


def test_the_lines_say_who_completed_and_in_which_cell(report: Report) -> None:
    assert report.lines == [
        "2 still taking part",
        "1 complete",
        "colour=blue, delay=0: 0 of 1 completed",
        "colour=red, delay=5: 1 of 1 completed",
    ]


def test_the_page_has_a_row_for_each_item(report: Report) -> None:
    assert '<th scope="row">offer</th>' in report.html
    assert "mean 2.50 (0 to 5)" in report.html
    assert "12.5" in report.html


def test_what_participants_wrote_is_escaped(report: Report) -> None:
    assert FORMULA not in report.html


def test_a_study_without_participants_is_reported(tmp_path: Path) -> None:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    a_run(engine)
    data = Data(write_zip(engine, tmp_path, app_id="run"))
    engine.close()
    assert study_report(data).lines == ["No participant has begun."]


@pytest.mark.parametrize(
    ("answers", "summary"),
    [
        (["5", "10", "0.5"], "mean 5.17 (0.5 to 10)"),
        (["yes", "no", "yes"], "yes: 2, no: 1"),
        (["NaN", "1"], "NaN: 1, 1: 1"),
        ([], ""),
        (["a", "b", "c", "d", "e", "f"], ""),
        (["x" * 41, "x" * 41], ""),
    ],
)
def test_answers_are_summarized_by_what_they_are(answers: list[str], summary: str) -> None:
    assert summary_of(answers) == summary
