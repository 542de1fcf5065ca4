from __future__ import annotations

from dataclasses import replace

from bench.figures.machine import Machine
from bench.figures.report import Report, table
from bench.imports import Imported

MACHINE = Machine("2026-01-01", 2, "a processor", "a system", "3.11", "3.40", load=0.1, sync_ms=1.0)


def test_a_table_has_a_line_below_its_head():
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_the_report_names_what_was_not_met():
    slow = Imported("import app", 900.0, 10)
    assert "**not met**" in Report(MACHINE, imported=[slow]).markdown()


def test_a_busy_machine_is_reported():
    assert "other programs were at work" in Report(replace(MACHINE, load=5.0)).markdown()


def test_a_quiet_machine_is_not_called_busy():
    assert "other programs" not in Report(MACHINE).markdown()
