"""`petri extend_mturk_hit`."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.mturk_options import DryRun, Sandbox
from infra.cli.output import out

#: So many hours a HIT can be found at the most.
A_YEAR = 8760


def extend_mturk_hit(
    *,
    hit_id: Annotated[str, typer.Option("--hit-id", help="The HIT's id.")],
    assignments: Annotated[int, typer.Option("--assignments", min=1, help="How many more.")],
    duration_hours: Annotated[
        float | None,
        typer.Option("--duration-hours", min=0, max=A_YEAR, help="Hours to add, such as 2.5."),
    ] = None,
    sandbox: Sandbox = False,
    dry_run: DryRun = False,
) -> None:
    """Add assignments to a HIT, and with --duration-hours time for which it is found."""
    # Lazy import: AWS's client takes a while to import.
    from infra.mturk.connection import opened
    from infra.mturk.hits import extend

    with opened(sandbox=sandbox) as desk:
        made = extend(desk, hit_id, assignments, duration_hours, dry_run=dry_run)
    verb = "Would extend" if dry_run else "Extended"
    until = "" if made.until is None else f", to be found until {made.until:%Y-%m-%d %H:%M} UTC"
    places = f"from {made.hit.places} to {made.hit.places + made.assignments} assignments"
    out().print(f"{verb} HIT {made.hit.id} {places}{until}.", markup=False)
