"""`petri monitor`."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.aws_options import AnyStage, App, Profile, Region
from infra.cli.output import out


def monitor(
    *,
    app: App,
    stage: AnyStage = None,
    every: Annotated[float, typer.Option("--every", min=1, help="Seconds between two looks.")] = 10,
    once: Annotated[bool, typer.Option("--once", help="Look once.")] = False,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show how an app is going: participants by status, messages, alarms; again and again until Ctrl-C."""
    # Lazy import: AWS's clients take a while to import.
    from infra.aws.account import steps
    from infra.aws.account.aws_errors import plainly
    from infra.aws.deployed import app_registry
    from infra.aws.deployed.monitor import app_status

    found = app_registry.find(app_registry.AppLocation(app, stage, profile, region))
    with plainly():
        while True:
            out().print(str(app_status(found.account, found.names)), markup=False)
            if once:
                return
            steps.pause(every)
