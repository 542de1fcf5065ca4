"""`petri logs`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from chalicelib.errors import BadRequest
from infra.cli.aws_options import AnyStage, App, Profile, Region
from infra.cli.output import out

if TYPE_CHECKING:
    from infra.aws.deployed.monitor import LogEntry

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def logs(
    *,
    app: App,
    stage: AnyStage = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Stream new entries until Ctrl-C.")] = False,
    pattern: Annotated[str, typer.Option("--filter", help="CloudWatch filter pattern, such as ERROR.")] = "",
    function: Annotated[
        list[str] | None, typer.Option("--function", help="Show only this function, such as api; repeatable.")
    ] = None,
    since: Annotated[str, typer.Option("--since", help="Start this long ago: 30s, 10m, 2h or 3d.")] = "10m",
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show the logs of an app's functions."""
    # Lazy import: the AWS clients take a while to import.
    from infra.aws.account.aws_errors import plainly
    from infra.aws.deployed import app_registry
    from infra.aws.deployed.monitor import Logs, functions_of

    begin, wanted = datetime.now(UTC) - _ago(since), functions_of(function or ())
    found = app_registry.find(app_registry.AppLocation(app, stage, profile, region))
    app_logs = Logs(found.account, found.names, wanted)
    with plainly():
        for entry in app_logs.follow(begin, pattern) if follow else app_logs.read(begin, pattern):
            _show(entry)


def _show(entry: LogEntry) -> None:
    out().print(f"{entry.at:%Y-%m-%d %H:%M:%S} {entry.function}: {entry.text}", markup=False)


def _ago(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([smhd])", text)
    if found is None:
        raise BadRequest(f"{text!r} is not a valid duration; use one such as 30s, 10m, 2h or 3d.")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])
