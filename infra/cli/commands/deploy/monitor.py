"""`petri monitor`."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from typing import Annotated

import typer

from infra.cli.aws_options import AnyStage, App, AsJSON, Profile, Region
from infra.cli.output import out


def monitor(
    *,
    app: App,
    stage: AnyStage = None,
    every: Annotated[float, typer.Option("--every", min=1, help="Seconds between updates.")] = 10,
    once: Annotated[bool, typer.Option("--once", help="Print the status once and exit.")] = False,
    as_json: AsJSON = False,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show an app's status until Ctrl-C: participants by status, messages, alarms and the release."""
    # Lazy import: the AWS clients take a while to import.
    from infra.aws.account import steps
    from infra.aws.account.aws_errors import plainly
    from infra.aws.deployed import app_registry
    from infra.aws.deployed.monitor import app_status

    found = app_registry.find(app_registry.AppLocation(app, stage, profile, region))
    with plainly():
        while True:
            # What the experiment's code prints or logs must not end up in --json.
            with redirect_stdout(sys.stderr):
                status = app_status(found.account, found.names)
            if as_json:
                typer.echo(json.dumps(status.as_json()))
            else:
                out().print(str(status), markup=False)
            if once:
                return
            steps.pause(every)
