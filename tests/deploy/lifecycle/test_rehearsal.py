"""A whole deployment on the emulated AWS, as in `petri rehearse`, with sockets and bonuses."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.commands.deploy import rehearse as command
from infra.cli.main import app
from infra.emulator.mturk import Books
from infra.emulator.rehearsal.command import RehearsalReport
from infra.emulator.rehearsal.interrupted_steps import break_off
from infra.emulator.rehearsal.ledger_check import differences
from infra.emulator.rehearsal.rehearsal import Rehearsal
from tests.experiments import EXPERIMENTS

#: A rehearsal takes a minute, and much longer on a busy machine.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
DEMO = EXPERIMENTS / "coordination"


def test_a_rehearsal_finds_nothing_wrong() -> None:
    lines: list[str] = []
    with Rehearsal(DEMO, lines.append, settings={"rounds": 1}, offline=True) as rehearsal:
        telling = RehearsalReport(rehearsal, lines.append)
        wrong = telling.run()
    assert [*wrong, *telling.unused] == []
    assert "  it is served at its own host only, and signs the operator in" in lines
    assert "  release 1 serves functions, routes, pages and messages" in lines
    assert any("FunctionResponseTypes ReportBatchItemFailures" in line for line in lines)
    assert any(line.strip().startswith("3 people took part") for line in lines)


def test_after_a_failure_in_each_step_a_repeat_finishes_and_destroying_cleans(tmp_path: Path) -> None:
    package = tmp_path / "package.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "")
    lines: list[str] = []
    with Rehearsal(
        DEMO, lines.append, offline=True, package=package, launch=lambda *_: "Nobody is asked."
    ) as rehearsal:
        rehearsal.deploy()
        rehearsal.deploy("another")
        rehearsal.roll_back()
        rehearsal.destroy()
        wrong = break_off(rehearsal, lines.append)
    assert wrong == []
    assert sum("interrupted" in line for line in lines) > len(rehearsal.lengths) // 2


def test_a_payment_that_is_missing_in_the_ledger_is_reported(tmp_path: Path) -> None:
    archive = tmp_path / "data.zip"
    with zipfile.ZipFile(archive, "w") as exported:
        exported.writestr("data/participant.csv", "id,assignment_id\n1,A1\n")
        exported.writestr("data/payment.csv", "participant_id,kind,amount,status\n1,base,1.50,paid\n")
    told = differences(archive, Books((), balance=0))  # type: ignore[arg-type]
    assert told == ["not in the books: reward of $1.50 for A1"]


def test_without_its_packages_the_command_names_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "TOOLS", "infra.emulator.gone")
    ended = CliRunner().invoke(app, ["rehearse", str(DEMO)])
    assert ended.exit_code == 1
    assert "petri[cli,rehearse]" in " ".join(ended.output.split())
