"""Tables of the commands at a terminal of 80 columns."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from rich.console import Console
from rich.table import Table

from chalicelib.operations.payment.operator_actions import PaymentEntry
from infra.cli import output
from infra.cli.commands.operate import payments


def terminal(width: int) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, color_system=None, width=width, soft_wrap=True)


def test_payments_fit_a_terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(80)
    monkeypatch.setattr(output, "out", lambda: screen)
    monkeypatch.setattr(payments, "out", lambda: screen)
    moment = datetime(2026, 11, 28, 7, 26, tzinfo=UTC)
    entry = PaymentEntry(
        participant_id=1204,
        worker_id="A1B2C3D4E5F6G7",
        recruiter="mturk",
        kind="screen_out",
        amount=Decimal("12.50"),
        status="sending",
        since=moment,
        reference="3B837J3LDOW9XQ8M5W1E2RZ0V7CSRD",
        reason="VendorUnreachable: Mechanical Turk did not answer in time; it is tried again.",
        is_stuck=True,
    )
    payments._show([entry], "USD", show_workers=False)
    lines = screen.file.getvalue().splitlines()
    table = [line for line in lines if line.startswith(("┏", "┃", "┡", "│", "└"))]
    assert max(map(len, table)) <= 80
    row = next(line for line in table if "1204" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        "1204",
        "screen_out",
        "$12.50",
        "sending (stuck)",
        "2026-11-28 07:26",
    ]
    assert any("3B837J3LDOW9XQ8M5W1E2RZ0V7CSRD" in line and "did not answer" in line for line in lines)


def test_a_wide_table_folds_at_a_terminal_and_is_uncut_in_a_pipe() -> None:
    table = Table("id", "text")
    table.add_row("1", "word " * 40)
    screen, pipe = terminal(80), Console(file=io.StringIO(), width=80, soft_wrap=True)
    output.show_table(table, screen)
    output.show_table(table, pipe)
    assert max(map(len, screen.file.getvalue().splitlines())) <= 80
    assert ("word " * 40).strip() in pipe.file.getvalue()
