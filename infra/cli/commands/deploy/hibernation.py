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
    """Close an app's recruitment and switch off its queues and clock; its data stays."""
    # Lazy import: AWS's clients take a while to import.
    from infra.aws.deployed import app_registry
    from infra.aws.lifecycle.hibernation import Hibernation

    found = app_registry.find(app_registry.AppLocation(app, stage, profile, region))
    sleeping = Hibernation(found.account, found.names, StepOutput())
    todo = sleeping.hibernate_steps()
    if dry_run:
        _list(todo)
        return
    sleeping.run(todo, "hibernate")
    out().print(f"{_named(found)} sleeps. `petri awaken --app {found.names.app}` wakes it.", markup=False)


def awaken(
    *,
    app: App,
    stage: AnyStage = None,
    profile: Profile = None,
    region: Region = None,
    dry_run: DryRun = False,
) -> None:
    """Switch a hibernating app on again; recruitment stays closed until `petri recruit`."""
    # Lazy import, as above.
    from infra.aws.deployed import app_registry
    from infra.aws.lifecycle.hibernation import Hibernation

    found = app_registry.find(app_registry.AppLocation(app, stage, profile, region))
    sleeping = Hibernation(found.account, found.names, StepOutput())
    todo = sleeping.awaken_steps()
    if dry_run:
        _list(todo)
        return
    sleeping.run(todo, "awaken")
    again = f"`petri recruit N --app {found.names.app}` asks for people again."
    out().print(f"{_named(found)} is awake. {again}", markup=False)


def _named(found: app_registry.LocatedApp) -> str:
    return f"{found.names.app} ({found.names.stage})"


def _list(todo: list[Step]) -> None:
    for number, step in enumerate(todo, start=1):
        out().print(f"{number}. {step.name}", markup=False)
    out().print("Nothing was changed.")
