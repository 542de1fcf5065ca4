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
        int | None, typer.Option("--participants", "-n", help="How many come; as many as are recruited.")
    ] = None,
    stage: Annotated[Stage, typer.Option("--stage", help="Where it would be launched.")] = "live",
    recruiter: Annotated[str, typer.Option("--recruiter", help="Reckon with this one's fees.")] = "",
    dropouts: Annotated[
        float, typer.Option("--dropouts", min=0, max=1, help="Which part leaves on the way.")
    ] = 0.0,
    answer: Annotated[
        float | None,
        typer.Option("--answer-seconds", min=0, help="What an answer takes beside reading and typing."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same counts.")] = 1,
    bot: Annotated[str, typer.Option("--bot", help="The bots' class; Bot, if there is one.")] = "",
    accounts: Annotated[
        bool, typer.Option("--accounts/--no-accounts", help="Ask AWS and Mechanical Turk what they allow.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Try a launch with bots in fast time: say what it would do, pay and cost, and what to mend first."""
    # Lazy import: the whole platform comes along.
    from infra.preflight import AccountAccess, Pace, PreflightOptions
    from infra.preflight import preflight as try_launch

    settings = {"recruiter": recruiter} if recruiter else {}
    pace = Pace(dropouts=dropouts, answer=Pace.answer if answer is None else answer)
    wish = PreflightOptions(stage, seed, pace, settings, bot, AccountAccess() if accounts else None)
    report = try_launch(directory, participants, wish)
    console = out()
    if as_json:
        console.print(json.dumps(report.as_json(), indent=2), markup=False)
        return
    for line in report.lines():
        console.print(line, markup=False)
