"""`petri hits`."""

from __future__ import annotations

from rich.table import Column, Table

from infra.cli.mturk_options import App, DryRun, Sandbox
from infra.cli.output import out, show_table


def hits(*, app: App, sandbox: Sandbox = False, dry_run: DryRun = False) -> None:
    """List the HITs of a run at Mechanical Turk."""
    # Lazy import, as in every command about Mechanical Turk: AWS's client takes a while to import.
    from infra.mturk.connection import opened
    from infra.mturk.hits import of_run

    if dry_run:
        out().print(f"Would list the HITs of {app}; listing changes nothing.", markup=False)
        return
    columns = ("title", "status", "places", "free", "under way", "done", "expires")
    table = Table(Column("HIT", no_wrap=True), *columns)
    with opened(sandbox=sandbox) as desk:
        for hit in of_run(desk, app):
            counts = (hit.places, hit.available, hit.pending, hit.completed)
            table.add_row(
                hit.id, hit.title, hit.status, *map(str, counts), f"{hit.expires:%Y-%m-%d %H:%M} UTC"
            )
    show_table(table)
