"""`petri recruit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.aws_options import Region
from infra.cli.operator_options import DryRun
from infra.cli.options import Run
from infra.cli.output import out, show_drain_result
from infra.local.lifecycle.run_paths import RunPaths

if TYPE_CHECKING:
    from chalicelib.operations.recruitment.recruitment import RecruitmentPlan


def recruit(
    number: Annotated[int, typer.Argument(metavar="N", min=1, help="Number of places to open.")],
    *,
    app: Run = None,
    region: Region = None,
    force: Annotated[bool, typer.Option("--force", help="Open places even if no seats are free.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Open places with the run's recruiter, even if auto_recruit is off or recruitment is closed."""
    # Lazy import: it imports the whole platform.
    from chalicelib.operations.recruitment.recruitment import open_places_by_operator, plan_recruitment
    from chalicelib.operations.shared.context import OPERATOR_CALLER
    from infra.operator.run_session import opened

    with opened(app, RunPaths(Path.cwd()), region=region) as session:
        act = plan_recruitment if dry_run else open_places_by_operator
        opening = session.app.run(act, number, ignore_free_seats=force, caller=OPERATOR_CALLER)
        for line in _report(opening, dry_run=dry_run):
            out().print(line, markup=False)
        if not dry_run:
            result = session.carry_out()
            show_drain_result(result)
            if result.output and any(session.base in line for line in result.output):
                out().print(f"The links work while the run is served: {session.how_to_serve}", markup=False)


def _report(opening: RecruitmentPlan, *, dry_run: bool) -> list[str]:
    """Describe how many places are opened, and why not more."""
    verb = "Would open" if dry_run else "Opened"
    lines = [f"{verb} {_places(count)} with {name}." for name, count in opening.places.items()]
    lines = lines or [f"{verb} no places."]
    if opening.seats < opening.requested:
        lines.append(
            f"Free seats, excluding places that are already open: {opening.seats}. Use --force to open more."
        )
    if opening.affordable < opening.seats:
        lines.append(f"hard_cap allows {opening.affordable} more; raise it to open more.")
    elif opening.opened < opening.affordable:
        lines.append("The quotas in `recruiters` are used up; raise them to open more.")
    return lines


def _places(count: int) -> str:
    return f"{count} place{'' if count == 1 else 's'}"
