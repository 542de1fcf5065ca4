"""`petri summary`."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from chalicelib.currency import DOLLARS, format_money
from infra.cli.aws_options import AnyStage, Profile, Region
from infra.cli.options import Run
from infra.cli.output import err, out, show_table
from infra.cli.run_selection import deployed
from infra.local.lifecycle.run_paths import RunPaths
from infra.reports.fairness import HourlyPay
from infra.reports.run_report import Summary, summary_of_file


def summary(
    *,
    app: Run = None,
    each: Annotated[bool, typer.Option("--each", help="Also show each participant's hourly pay.")] = False,
    stage: AnyStage = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Summarize a run: participants by status, networks and hourly pay."""
    found = deployed(app, stage, profile, region)
    if found is not None:
        # Lazy import: the AWS clients take a while to import.
        from infra.aws.account.aws_errors import plainly
        from infra.aws.deployed import deployed_summary

        out().print(f"{found.names.app} ({found.names.stage})", markup=False)
        with plainly():
            made = deployed_summary.summary(found.account, found.names)
        _print_summary(made.counted, made.floor, made.currency, each=each)
        if made.dashboard_url:
            out().print(f"Dashboard: {made.dashboard_url}", markup=False, soft_wrap=True)
        return
    # Lazy import: it imports storage.
    from infra.local.lifecycle.run_outcome import currency_in, floor_of

    paths = RunPaths(Path.cwd())
    run_id = paths.existing(app)
    counted = summary_of_file(paths.database(run_id))
    out().print(run_id, markup=False)
    _print_summary(counted, floor_of(run_id, paths), currency_in(run_id, paths), each=each)


def _print_summary(counted: Summary, floor: Decimal | None, currency: str, *, each: bool) -> None:
    show(counted, out(), floor, currency)
    if each:
        _show_each(counted.pay, out(), floor, currency)


def _show_each(pay: HourlyPay | None, console: Console, floor: Decimal | None, currency: str) -> None:
    """Print a row for each participant who has earned pay, lowest hourly pay first."""
    if pay is None:
        console.print("No participant has earned pay yet.")
        return
    table = Table("participant", "minutes", "paid", "per hour", "")
    for column in table.columns[:4]:
        column.justify = "right"
    for one in pay.people:
        below = "below the floor" if floor is not None and one.rate < floor else ""
        table.add_row(
            str(one.participant_id),
            f"{one.minutes:.1f}",
            format_money(one.amount, currency),
            format_money(one.rate, currency),
            below,
        )
    show_table(table, console)


def show(counted: Summary, console: Console, floor: Decimal | None = None, currency: str = DOLLARS) -> None:
    """Print the counts as a table, and warn when participants earn less than `floor` per hour."""
    table = Table("participants", "count")
    table.columns[1].justify = "right"
    for status, count in counted.statuses.items():
        table.add_row(status, str(count))
    show_table(table, console)
    console.print(f"Yield: {counted.yielded:.0%}")
    console.print(f"Networks filled: {counted.networks_full} of {counted.networks}")
    if counted.pay is not None:
        _show_pay(counted.pay, console, floor, currency)


def _show_pay(pay: HourlyPay, console: Console, floor: Decimal | None, currency: str) -> None:
    if floor is None and not pay.rates[-1]:
        # Without payments and a floor there is nothing to compare.
        return
    console.print(
        f"Hourly pay, including waiting: median {format_money(pay.median, currency)}, "
        f"lowest {format_money(pay.lowest, currency)}"
    )
    count = 0 if floor is None else pay.below(floor)
    if count:
        err().print(
            f"warning: {count} of {len(pay.rates)} participants ({count / len(pay.rates):.0%}) earned less "
            f"than min_hourly_pay, {format_money(floor or 0, currency)} per hour. Pay a bonus, or use "
            "petri compensate."
        )
