"""Options shared by several commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Directory = Annotated[
    Path, typer.Argument(help="Experiment folder.", exists=True, file_okay=False, resolve_path=True)
]
Verbose = Annotated[
    bool, typer.Option("--verbose", help="Show the log, and a traceback when the command fails.")
]
Run = Annotated[
    str | None, typer.Option("--app", "--id", help="Run id; defaults to the latest run in this folder.")
]
Seed = Annotated[
    int | None, typer.Option("--seed", help="Random seed for hooks and bots, for reproducible runs.")
]
NewId = Annotated[str, typer.Option("--id", "--app", help="Run id; an existing run is continued.")]
BotTimeout = Annotated[
    float,
    typer.Option("--bot-timeout", min=0, metavar="SECONDS", help="Time limit for each bot; 0 for none."),
]
Timeout = Annotated[
    float,
    typer.Option("--timeout", min=0, metavar="SECONDS", help="Time limit for all bots; 0 for none."),
]
#: Default time limits, in seconds, for each bot and for all bots of a command.
BOT_SECONDS, RUN_SECONDS = 300.0, 3600.0
Port = Annotated[
    int | None, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 for any free port.")
]
#: Where a local run keeps its records: in a file, or in moto's DynamoDB in memory.
EngineName = Literal["sqlite", "moto"]
