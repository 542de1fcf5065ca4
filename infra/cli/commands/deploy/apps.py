"""`petri apps`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import typer
from rich.table import Table

from infra.cli.aws_options import AsJSON, Profile, Region
from infra.cli.output import out, show_table


def apps(*, as_json: AsJSON = False, profile: Profile = None, region: Region = None) -> None:
    """List the apps deployed in a region, with their state, age and release."""
    # Lazy import: the AWS clients take a while to import.
    from infra.aws.account.aws_errors import plainly
    from infra.aws.account.session import connect
    from infra.aws.deployed import app_registry

    account = connect(profile, region)
    with plainly():
        found = sorted(app_registry.every(account), key=lambda each: each.since)
    if as_json:
        typer.echo(json.dumps([each.as_json() for each in found], indent=2))
        return
    if not found:
        out().print(f"No apps are deployed in {account.region}.", markup=False)
        return
    table = Table("app", "stage", "state", "age", "release", "deployed", "Petri")
    now = datetime.now(UTC)
    for each in found:
        release = each.release
        of_release = ("-",) * 3 if release is None else (str(release.number), release.when, release.petri)
        table.add_row(each.names.app, each.names.stage, each.state, _age(now - each.since), *of_release)
    show_table(table)
    for each in found:
        if each.dashboard_url:
            out().print(
                f"Dashboard of {each.names.app} ({each.names.stage}): {each.dashboard_url}",
                markup=False,
                soft_wrap=True,
            )


def _age(passed: timedelta) -> str:
    if passed.days:
        return f"{passed.days} d"
    hours, rest = divmod(max(0, int(passed.total_seconds())), 3600)
    return f"{hours} h" if hours else f"{rest // 60} min"
