"""`petri hibernate` and `petri awaken`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.aws_options import AnyStage, App, DryRun, Profile, Region
from infra.cli.console import out
from infra.cli.steps_told import StepsTold

if TYPE_CHECKING:
    from infra.aws import finding
    from infra.aws.steps import Step


def hibernate(
    *,
    app: App,
    stage: AnyStage = None,
    profile: Profile = None,
    region: Region = None,
    dry_run: DryRun = False,
) -> None:
    """Close an app's recruitment and switch off its queues and clock; its data stays."""
    # Put off: AWS's clients take a while to import.
    from infra.aws import finding
    from infra.aws.sleeping import Sleeping

    found = finding.find(finding.Where(app, stage, profile, region))
    sleeping = Sleeping(found.account, found.names, StepsTold())
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
    # Put off, as above.
    from infra.aws import finding
    from infra.aws.sleeping import Sleeping

    found = finding.find(finding.Where(app, stage, profile, region))
    sleeping = Sleeping(found.account, found.names, StepsTold())
    todo = sleeping.awaken_steps()
    if dry_run:
        _list(todo)
        return
    sleeping.run(todo, "awaken")
    again = f"`petri recruit N --app {found.names.app}` asks for people again."
    out().print(f"{_named(found)} is awake. {again}", markup=False)


def _named(found: finding.App) -> str:
    return f"{found.names.app} ({found.names.stage})"


def _list(todo: list[Step]) -> None:
    for number, step in enumerate(todo, start=1):
        out().print(f"{number}. {step.name}", markup=False)
    out().print("Nothing was changed.")
