"""Options that several commands have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Directory = Annotated[
    Path, typer.Argument(help="The experiment's folder.", exists=True, file_okay=False, resolve_path=True)
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show the log, and the traceback of a failure.")]
Run = Annotated[str | None, typer.Option("--app", "--id", help="The run's id; by default the latest here.")]
Seed = Annotated[
    int | None, typer.Option("--seed", help="Draws of hooks and bots are the same for the same seed.")
]
NewId = Annotated[str, typer.Option("--id", "--app", help="The run's id; an earlier one goes on.")]
BotTimeout = Annotated[
    float,
    typer.Option(
        "--bot-timeout", min=0, metavar="SECONDS", help="How long one bot may take; 0: as long as it likes."
    ),
]
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout", min=0, metavar="SECONDS", help="How long all bots together may take; 0: no limit."
    ),
]
#: Seconds that one bot, and all bots of a command together, may take when nothing else is asked.
BOT_SECONDS, RUN_SECONDS = 300.0, 3600.0
Port = Annotated[
    int | None, typer.Option("--port", min=0, max=65535, help="Where to listen; 0: any free port.")
]
#: Where a local run keeps its records: in a file, or in DynamoDB as moto plays it.
EngineName = Literal["sqlite", "moto"]
