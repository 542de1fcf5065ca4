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
    number: Annotated[int, typer.Argument(metavar="N", min=1, help="How many places to open.")],
    *,
    app: Run = None,
    region: Region = None,
    force: Annotated[bool, typer.Option("--force", help="Even where no seats are free.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Open places with the run's recruiter, though auto_recruit is off or recruitment was closed."""
    # Lazy import: the whole platform comes along.
    from chalicelib.operations.recruitment.recruitment import open_places_by_operator, plan_recruitment
    from infra.operator.run_session import opened

    with opened(app, RunPaths(Path.cwd()), region=region) as office:
        act = plan_recruitment if dry_run else open_places_by_operator
        opening = office.app.run(act, number, ignore_free_seats=force)
        for line in _told(opening, dry_run=dry_run):
            out().print(line, markup=False)
        if not dry_run:
            carried = office.carry_out()
            show_drain_result(carried)
            if carried.said and any(office.base in line for line in carried.said):
                out().print(f"The links answer while the run is served: {office.how_to_serve}", markup=False)


def _told(opening: RecruitmentPlan, *, dry_run: bool) -> list[str]:
    """Say how many places are opened, and why not more."""
    will = "Would open" if dry_run else "Opens"
    said = [f"{will} {count} with {name}." for name, count in opening.places.items()] or [f"{will} none."]
    if opening.seats < opening.asked:
        said.append(
            f"Free seats, less the places that are open already: {opening.seats}. --force opens more."
        )
    if opening.affordable < opening.seats:
        said.append(f"hard_cap has room for {opening.affordable}; raise it to open more.")
    elif opening.opened < opening.affordable:
        said.append("The quotas in `recruiters` are used up; raise them to open more.")
    return said
