"""`petri destroy`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chalicelib.errors import BadRequest, PetriError
from infra.cli.aws_options import AnyStage, App, DryRun, Profile, Region, Yes
from infra.cli.failures import FAILED
from infra.cli.output import err, out
from infra.cli.step_output import StepOutput
from infra.local.lifecycle.run_paths import RunPaths

if TYPE_CHECKING:
    from infra.aws.deployed import app_registry


def destroy(
    *,
    app: App,
    stage: AnyStage = None,
    no_export: Annotated[bool, typer.Option("--no-export", help="Don't export the data first.")] = False,
    no_scrub: Annotated[
        bool, typer.Option("--no-scrub", help="Keep who the participants are in the export.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Go on though the recruiter can't be told to stop.")
    ] = False,
    profile: Profile = None,
    region: Region = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Take an app away with everything it has on AWS, after exporting its data."""
    # Lazy import: AWS's clients take a while to import.
    from infra.aws.deployed import app_registry
    from infra.aws.lifecycle.destroy import DestroySpec, Teardown

    found = app_registry.find(app_registry.AppLocation(app, stage, profile, region), half_made=True)
    target = None if no_export else RunPaths(Path.cwd()).export(found.export_id)
    destroying = Teardown(found.account, DestroySpec(found.names, target, not no_scrub, force), StepOutput())
    if dry_run:
        for number, step in enumerate(destroying.steps(), start=1):
            out().print(f"{number}. {step.name}", markup=False)
        out().print("Nothing was changed.")
        return
    if not yes:
        _ask(found)
    left = destroying.run()
    for each in left:
        err().print(f"left: {each}", markup=False)
    if left:
        err().print("Run the same command again; what still stays can be deleted in the AWS console.")
        raise typer.Exit(FAILED)
    out().print(f"{found.names.app} ({found.names.stage}) is gone; nothing is left.", markup=False)
    if target is not None and target.exists():
        out().print(str(target), markup=False)


def _ask(found: app_registry.LocatedApp) -> None:
    """Have the app's name typed; say what would be lost."""
    from infra.aws.account.aws_errors import plainly
    from infra.aws.lifecycle import shutdown

    try:
        with plainly():
            lost = shutdown.unsettled(found.account, found.names).lines()
    except PetriError as error:
        # What is half-made goes as well.
        lost = [f"Whether people take part or are owed something can't be looked up: {error}"]
    for line in lost:
        err().print(f"warning: {line}", markup=False)
    said = typer.prompt(
        f"This deletes {found.names.app} ({found.names.stage}) in {found.account.region}. Type its name",
        err=True,
    )
    if said != found.names.app:
        raise BadRequest(f"{said!r} isn't {found.names.app}. Nothing was changed; run the command again.")
