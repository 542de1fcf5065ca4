"""Options that the commands on AWS have in common."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.aws.account.names import Stage

App = Annotated[str, typer.Option("--app", "--id", help="The app's id.")]
AnyStage = Annotated[
    Stage | None, typer.Option("--stage", help="sandbox or live, when the app is deployed in both.")
]
Profile = Annotated[str | None, typer.Option("--profile", help="The AWS CLI's profile.")]
Region = Annotated[str | None, typer.Option("--region", help="The AWS region.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; list the steps.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
