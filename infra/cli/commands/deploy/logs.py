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
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on, until Ctrl-C.")] = False,
    pattern: Annotated[
        str, typer.Option("--filter", help="CloudWatch's filter pattern, such as ERROR.")
    ] = "",
    function: Annotated[
        list[str] | None, typer.Option("--function", help="Only this function, such as api; may be repeated.")
    ] = None,
    since: Annotated[str, typer.Option("--since", help="How long ago to begin: 30s, 10m, 2h, 3d.")] = "10m",
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show what an app's functions log."""
    # Lazy import: AWS's clients take a while to import.
    from infra.aws.account.aws_errors import plainly
    from infra.aws.deployed import app_registry
    from infra.aws.deployed.monitor import Logs, functions_of

    begin, wanted = datetime.now(UTC) - _ago(since), functions_of(function or ())
    found = app_registry.find(app_registry.AppLocation(app, stage, profile, region))
    heard = Logs(found.account, found.names, wanted)
    with plainly():
        for line in heard.follow(begin, pattern) if follow else heard.read(begin, pattern):
            _show(line)


def _show(line: LogEntry) -> None:
    out().print(f"{line.at:%Y-%m-%d %H:%M:%S} {line.function}: {line.text}", markup=False)


def _ago(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([smhd])", text)
    if found is None:
        raise BadRequest(f"{text!r} is no length of time; give one such as 30s, 10m, 2h or 3d.")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])
