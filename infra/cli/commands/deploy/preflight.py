"""`petri preflight`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from infra.aws.account.names import Stage
from infra.cli.options import Directory
from infra.cli.output import out


def preflight(
    directory: Directory = Path(),
    *,
    participants: Annotated[
        int | None,
        typer.Option(
            "--participants",
            "-n",
            help="Number of participants; defaults to as many as the experiment recruits.",
        ),
    ] = None,
    stage: Annotated[Stage, typer.Option("--stage", help="Stage to simulate the launch in.")] = "live",
    recruiter: Annotated[
        str,
        typer.Option("--recruiter", help="Recruiter whose fees are used; defaults to the configured one."),
    ] = "",
    dropouts: Annotated[
        float, typer.Option("--dropouts", min=0, max=1, help="Share of participants who drop out (0-1).")
    ] = 0.0,
    answer: Annotated[
        float | None,
        typer.Option("--answer-seconds", min=0, help="Seconds per answer, besides reading and typing."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Random seed, for reproducible counts.")] = 1,
    bot: Annotated[str, typer.Option("--bot", help="Bot class; defaults to Bot.")] = "",
    accounts: Annotated[
        bool,
        typer.Option(
            "--accounts/--no-accounts", help="Check the limits of your AWS and Mechanical Turk accounts."
        ),
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Simulate a launch with bots: report what it would do, pay and cost, and what to fix first."""
    # Lazy import: it imports the whole platform.
    from infra.preflight import AccountAccess, Pace, PreflightOptions
    from infra.preflight import preflight as simulate_launch

    settings = {"recruiter": recruiter} if recruiter else {}
    pace = Pace(dropouts=dropouts, answer=Pace.answer if answer is None else answer)
    options = PreflightOptions(stage, seed, pace, settings, bot, AccountAccess() if accounts else None)
    report = simulate_launch(directory, participants, options)
    console = out()
    if as_json:
        console.print(json.dumps(report.as_json(), indent=2), markup=False)
        return
    for line in report.lines():
        console.print(line, markup=False)
