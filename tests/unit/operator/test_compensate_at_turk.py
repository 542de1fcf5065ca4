"""Compensating a Mechanical Turk worker who took part in no run, against the emulator."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from chalicelib.errors import BadRequest
from chalicelib.operations.shared.settings import Settings
from chalicelib.recruiters.mturk.requester import ENDPOINTS
from infra.cli.main import app
from infra.emulator.mturk import ACCESS_KEY, SECRET_KEY, MTurkStandIn
from infra.operator.compensation import CompensationSpec, _check_market
from tests.recruiters.mturk.conftest import server, turk

Petri = Callable[..., Result]
__all__ = ["server", "turk"]


@pytest.fixture
def compensate(turk: MTurkStandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Petri:
    """Runs the command in a folder without runs."""
    keys = f"[Mechanical Turk]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
    (tmp_path / ".petriconfig").write_text(keys + "[Mail]\nmailer = log\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(ENDPOINTS, "sandbox", turk.url)
    words = ["compensate", "--worker_id", "A1", "--dollars", "2.25", "--sandbox"]
    return lambda *more: CliRunner().invoke(app, [*words, *more])


def test_the_worker_alone_sees_a_hit_with_the_sum(turk: MTurkStandIn, compensate: Petri) -> None:
    assert compensate().exit_code == 0
    assert (len(turk.market.visible_to("A1")), turk.market.visible_to("A2")) == (1, [])


def test_submitting_the_hit_pays(turk: MTurkStandIn, compensate: Petri) -> None:
    compensate()
    (hit_id,) = turk.market.visible_to("A1")
    turk.market.submit(turk.market.accept("A1", hit_id))
    assert turk.books().total(worker="A1") == Decimal("2.25")


def test_the_address_of_the_hit_is_printed(compensate: Petri) -> None:
    assert "which only this worker can see: https://workersandbox.mturk.com/projects/" in compensate().stdout


def test_the_same_worker_and_sum_again_is_the_same_hit(turk: MTurkStandIn, compensate: Petri) -> None:
    assert compensate().stdout == compensate().stdout
    assert len(turk.market.hits) == 1


def test_the_letter_says_where_the_hit_is(compensate: Petri) -> None:
    said = compensate("--email", "worker@example.org").stdout
    assert "Accept and submit this HIT to get it: https://workersandbox.mturk.com/projects/" in said


def test_a_dry_run_asks_mechanical_turk_for_nothing(turk: MTurkStandIn, compensate: Petri) -> None:
    said = compensate("--dry-run").stdout
    assert (turk.calls, "Would pay $2.25 to worker A1" in said) == ([], True)


@pytest.mark.parametrize(("mode", "sandbox"), [("live", True), ("sandbox", False)])
def test_sandbox_money_is_not_mistaken_for_real_money(mode: str, sandbox: bool) -> None:
    with pytest.raises(BadRequest, match=f"This run's mode is {mode}"):
        _check_market(Settings({"mode": mode}), "mturk", CompensationSpec("A1", "1", sandbox=sandbox))


@pytest.mark.parametrize(
    ("mode", "sandbox", "recruiter"),
    [
        ("live", False, "mturk"),
        ("sandbox", True, "mturk"),
        ("debug", True, "mturk"),
        ("live", True, "prolific"),
    ],
)
def test_the_market_that_is_meant_is_paid(mode: str, sandbox: bool, recruiter: str) -> None:
    _check_market(Settings({"mode": mode}), recruiter, CompensationSpec("A1", "1", sandbox=sandbox))
