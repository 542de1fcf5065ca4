"""`petri summary`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.cli.console import out
from infra.cli.options import Run
from infra.local.places import Places
from infra.local.summary import Summary, summary_of_file


def summary(*, app: Run = None) -> None:
    """Count a run's participants by status, and its networks."""
    places = Places(Path.cwd())
    run_id = places.existing(app)
    console = out()
    console.print(run_id, markup=False)
    show(summary_of_file(places.database(run_id)), console)


def show(counted: Summary, console: Console) -> None:
    """Print the counts as a table."""
    table = Table("participants", "count")
    table.columns[1].justify = "right"
    for status, count in counted.statuses.items():
        table.add_row(status, str(count))
    console.print(table)
    console.print(f"Yield: {counted.yielded:.0%}")
    console.print(f"Networks filled: {counted.networks_full} of {counted.networks}")
