"""What `petri summary` says about pay."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from chalicelib.operations.participant.submission import process_submission
from chalicelib.operations.shared.context import Context
from infra.cli.main import app
from tests.unit.operator.runs import RUN, Scene


def begin_earlier(ctx: Context) -> None:
    """Set the first participant's start to half an hour ago."""
    ctx.uow.participant(1).creation_time = datetime.now(UTC) - timedelta(minutes=30)


@pytest.fixture
def paid(scene: Scene) -> Scene:
    """A run in which one participant was paid a dollar for half an hour."""
    scene.run(begin_earlier)
    scene.run(process_submission, 1)
    return scene


def summary(scene: Scene, floor: float | None = None, *words: str) -> Result:
    settings = {} if floor is None else {"min_hourly_pay": floor}
    scene.places.facts(RUN).write_text(json.dumps({"settings": settings}), encoding="utf-8")
    return CliRunner().invoke(app, ["summary", *words])


def test_the_summary_shows_hourly_pay(paid: Scene) -> None:
    said = summary(paid).stdout
    assert "Hourly pay, including waiting: median $2.00, lowest $2.00" in said


def test_pay_below_the_floor_is_warned_about(paid: Scene) -> None:
    said = summary(paid, 7.25).stderr
    assert "warning: 1 of 1 participants (100%) earned less than min_hourly_pay, $7.25 per hour." in said


def test_each_participant_has_a_line_with_their_pay(paid: Scene) -> None:
    lines = summary(paid, 7.25, "--each").stdout.splitlines()
    (line,) = (line for line in lines if "$2.00" in line and "│" in line)
    assert [cell.strip() for cell in line.strip("│").split("│")] == [
        "1",
        "30.0",
        "$1.00",
        "$2.00",
        "below the floor",
    ]


def test_before_the_first_participant_has_ended_no_rows_are_shown(scene: Scene) -> None:
    assert "No participant has earned pay yet." in summary(scene, None, "--each").stdout


def test_pay_above_the_floor_needs_no_warning(paid: Scene) -> None:
    assert "warning" not in summary(paid, 1.5).output


def test_the_report_omits_pay_before_the_first_payment(scene: Scene) -> None:
    assert "Hourly pay" not in summary(scene, 7.25).output
