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
    no_export: Annotated[bool, typer.Option("--no-export", help="Skip the export of the data.")] = False,
    no_scrub: Annotated[
        bool, typer.Option("--no-scrub", help="Keep participants' identities in the export.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Continue even if recruitment can't be closed.")
    ] = False,
    profile: Profile = None,
    region: Region = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Export an app's data, then delete the app and all of its AWS resources."""
    # Lazy import: the AWS clients take a while to import.
    from infra.aws.deployed import app_registry
    from infra.aws.lifecycle.destroy import DestroySpec, Teardown

    found = app_registry.find(app_registry.AppLocation(app, stage, profile, region), half_made=True)
    target = None if no_export else RunPaths(Path.cwd()).export(found.export_id)
    teardown = Teardown(found.account, DestroySpec(found.names, target, not no_scrub, force), StepOutput())
    if dry_run:
        for number, step in enumerate(teardown.steps(), start=1):
            out().print(f"{number}. {step.name}", markup=False)
        out().print("Dry run: nothing was changed.")
        return
    if not yes:
        _ask(found)
    left = teardown.run()
    for each in left:
        err().print(f"Not deleted: {each}", markup=False)
    if left:
        err().print("Run the command again, or delete what remains in the AWS console.")
        raise typer.Exit(FAILED)
    remains = "only locked seals are left." if teardown.kept else "no resources are left."
    out().print(f"{found.names.app} ({found.names.stage}) was deleted; {remains}", markup=False)
    if teardown.kept:
        out().print(teardown.kept, markup=False)
    if target is not None and target.exists():
        out().print(str(target), markup=False)


def _ask(found: app_registry.LocatedApp) -> None:
    """Warn of what would be lost, and require the app's name to be typed."""
    from infra.aws.account.aws_errors import plainly
    from infra.aws.lifecycle import shutdown

    try:
        with plainly():
            lost = shutdown.unsettled(found.account, found.names).lines()
    except PetriError as error:
        # An app that is only half deployed is deleted as well.
        lost = [f"Active participants and unpaid amounts couldn't be checked: {error}"]
    for line in lost:
        err().print(f"warning: {line}", markup=False)
    typed = typer.prompt(
        f"This deletes {found.names.app} ({found.names.stage}) in {found.account.region}. "
        "Type its name to confirm",
        err=True,
    )
    if typed != found.names.app:
        raise BadRequest(f"{typed!r} isn't {found.names.app}. Nothing was changed; run the command again.")
