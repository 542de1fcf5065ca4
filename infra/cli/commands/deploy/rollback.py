"""`petri rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.aws_options import AnyStage, App, DryRun, Profile, Region, Yes
from infra.cli.output import err, out
from infra.cli.step_output import StepOutput

if TYPE_CHECKING:
    from infra.aws.deployed import app_registry
    from infra.aws.deployed.releases import Release


def rollback(
    *,
    app: App,
    to: Annotated[
        int | None,
        typer.Option(
            "--to", metavar="RELEASE", min=1, help="Release number; defaults to the previous release."
        ),
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="List the releases that can be served again.")
    ] = False,
    stage: AnyStage = None,
    profile: Profile = None,
    region: Region = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Serve an earlier release of an app again: its code, routes and pages. Data stays as it is."""
    # Lazy import: the AWS clients take a while to import.
    from infra.aws.deployed import app_registry
    from infra.aws.lifecycle import rollback as aws

    found = app_registry.find(app_registry.AppLocation(app, stage, profile, region))
    if list_:
        _list(*aws.listed(found.account, found.names))
        return
    plan = aws.plan(found.account, found.names, to)
    for warning in plan.warnings:
        err().print(f"warning: {warning}", markup=False)
    command = aws.Rollback(found.account, found.names, plan, StepOutput())
    if dry_run:
        for number, step in enumerate(command.steps(), start=1):
            out().print(f"{number}. {step.name}", markup=False)
        out().print("Dry run: nothing was changed.")
        return
    if not yes:
        typer.confirm(_question(found, plan.target), err=True, abort=True)
    command.run()
    out().print(
        f"{found.names.app} ({found.names.stage}) now serves release {plan.target.number}.", markup=False
    )


def _question(found: app_registry.LocatedApp, target: Release) -> str:
    return (
        f"Roll {found.names.app} ({found.names.stage}) in {found.account.region} back to release "
        f"{target.number}, deployed at {target.when}?"
    )


def _list(known: list[Release], current: Release | None) -> None:
    if not known:
        out().print("No releases are recorded yet; the next deployment is the first.")
    for one in known:
        again = f", rollback to {one.of}" if one.of else ""
        code = str(one.version.get("experiment", "?"))[:12]
        served = _mark(one) if current is not None and one.number == current.number else ""
        out().print(
            f"{one.number:>4}  {one.when}  Petri {one.petri}  {one.version.get('name', '?')} "
            f"({code}){again}{served}",
            markup=False,
        )


def _mark(current: Release) -> str:
    return "  (current, interrupted)" if current.pending else "  (current)"
