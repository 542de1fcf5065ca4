"""`petri hibernate` and `petri awaken`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.aws_options import AnyStage, App, DryRun, Profile, Region
from infra.cli.output import out
from infra.cli.step_output import StepOutput

if TYPE_CHECKING:
    from infra.aws.account.steps import Step
    from infra.aws.deployed import app_registry


def hibernate(
    *,
    app: App,
    stage: AnyStage = None,
    profile: Profile = None,
    region: Region = None,
    dry_run: DryRun = False,
) -> None:
    """Close an app's recruitment and disable its queues and schedule; its data is kept."""
    # Lazy import: the AWS clients take a while to import.
    from infra.aws.deployed import app_registry
    from infra.aws.lifecycle.hibernation import Hibernation

    found = app_registry.find(app_registry.AppLocation(app, stage, profile, region))
    hibernation = Hibernation(found.account, found.names, StepOutput())
    steps = hibernation.hibernate_steps()
    if dry_run:
        _list(steps)
        return
    hibernation.run(steps, "hibernate")
    out().print(
        f"{_named(found)} is hibernating. Run `petri awaken --app {found.names.app}` to resume it.",
        markup=False,
    )


def awaken(
    *,
    app: App,
    stage: AnyStage = None,
    profile: Profile = None,
    region: Region = None,
    dry_run: DryRun = False,
) -> None:
    """Resume a hibernating app; recruitment stays closed until `petri recruit`."""
    # Lazy import, as above.
    from infra.aws.deployed import app_registry
    from infra.aws.lifecycle.hibernation import Hibernation

    found = app_registry.find(app_registry.AppLocation(app, stage, profile, region))
    hibernation = Hibernation(found.account, found.names, StepOutput())
    steps = hibernation.awaken_steps()
    if dry_run:
        _list(steps)
        return
    hibernation.run(steps, "awaken")
    hint = f"Run `petri recruit N --app {found.names.app}` to reopen recruitment."
    out().print(f"{_named(found)} is running again. {hint}", markup=False)


def _named(found: app_registry.LocatedApp) -> str:
    return f"{found.names.app} ({found.names.stage})"


def _list(steps: list[Step]) -> None:
    for number, step in enumerate(steps, start=1):
        out().print(f"{number}. {step.name}", markup=False)
    out().print("Dry run: nothing was changed.")
