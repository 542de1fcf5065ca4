"""`petri dashboard`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.aws_options import AnyStage, Profile, Region
from infra.cli.options import Run
from infra.cli.output import out
from infra.cli.run_selection import deployed
from infra.local.lifecycle.run_paths import RunPaths


def dashboard(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="Run id or app id; defaults to the run that is being served."),
    ] = None,
    *,
    app: Run = None,
    stage: AnyStage = None,
    profile: Profile = None,
    region: Region = None,
    user: Annotated[
        str | None, typer.Option("--user", help="Sign in a user of the run; by default the operator.")
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the link in a browser.")
    ] = True,
) -> None:
    """Print and open a link that signs you in to the dashboard of a run, once, within two minutes."""
    # Lazy import: it imports the whole platform.
    from infra.cli.live_status import Links
    from infra.operator.dashboard_access import sign_in_link_for, sign_in_link_of

    found = deployed(app or run, stage, profile, region)
    paths = RunPaths(Path.cwd())
    link = sign_in_link_for(app or run, paths, user) if found is None else sign_in_link_of(found, user)
    out().print(link, markup=False, soft_wrap=True)
    Links(browser).open(link)
