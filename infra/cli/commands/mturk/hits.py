"""`petri hits`."""

from __future__ import annotations

from rich.table import Column, Table

from infra.cli.mturk_options import App, DryRun, Sandbox
from infra.cli.output import out, show_table


def hits(*, app: App, sandbox: Sandbox = False, dry_run: DryRun = False) -> None:
    """List a run's HITs on Mechanical Turk."""
    # Lazy import, as in every Mechanical Turk command: the AWS client takes a while to import.
    from infra.mturk.connection import opened
    from infra.mturk.hits import of_run

    if dry_run:
        out().print(f"Would list the HITs of {app}.", markup=False)
        return
    columns = ("title", "status", "assignments", "available", "pending", "completed", "expires")
    table = Table(Column("HIT", no_wrap=True), *columns)
    with opened(sandbox=sandbox) as connection:
        for hit in of_run(connection, app):
            counts = (hit.places, hit.available, hit.pending, hit.completed)
            table.add_row(
                hit.id, hit.title, hit.status, *map(str, counts), f"{hit.expires:%Y-%m-%d %H:%M} UTC"
            )
    show_table(table)
