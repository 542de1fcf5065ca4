"""`petri extend_mturk_hit`."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.mturk_options import DryRun, Sandbox
from infra.cli.output import out

#: The longest lifetime of a HIT, in hours.
A_YEAR = 8760


def extend_mturk_hit(
    *,
    hit_id: Annotated[str, typer.Option("--hit-id", help="HIT id.")],
    assignments: Annotated[int, typer.Option("--assignments", min=1, help="Number of assignments to add.")],
    duration_hours: Annotated[
        float | None,
        typer.Option("--duration-hours", min=0, max=A_YEAR, help="Hours to extend the HIT by, such as 2.5."),
    ] = None,
    sandbox: Sandbox = False,
    dry_run: DryRun = False,
) -> None:
    """Add assignments to a HIT, or time until it expires with --duration-hours."""
    # Lazy import: the AWS client takes a while to import.
    from infra.mturk.connection import opened
    from infra.mturk.hits import extend

    with opened(sandbox=sandbox) as connection:
        extension = extend(connection, hit_id, assignments, duration_hours, dry_run=dry_run)
    verb = "Would extend" if dry_run else "Extended"
    until = "" if extension.until is None else f"; it now expires at {extension.until:%Y-%m-%d %H:%M} UTC"
    places = f"from {extension.hit.places} to {extension.hit.places + extension.assignments} assignments"
    out().print(f"{verb} HIT {extension.hit.id} {places}{until}.", markup=False)
