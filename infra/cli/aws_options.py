"""Options shared by the AWS commands."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.aws.account.names import Stage

App = Annotated[str, typer.Option("--app", "--id", help="App id.")]
AnyStage = Annotated[
    Stage | None, typer.Option("--stage", help="sandbox or live; required when the app is deployed to both.")
]
Profile = Annotated[str | None, typer.Option("--profile", help="AWS CLI profile.")]
Region = Annotated[str | None, typer.Option("--region", help="AWS region.")]
AsJSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="List the steps without making changes.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation prompt.")]
