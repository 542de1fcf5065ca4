"""Options that the commands about Mechanical Turk have in common."""

from __future__ import annotations

from typing import Annotated

import typer

App = Annotated[str, typer.Option("--app", "--id", help="The run's id.")]
Sandbox = Annotated[bool, typer.Option("--sandbox", help="At Mechanical Turk's sandbox.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would be done.")]
Qualification = Annotated[
    str, typer.Option("--qualification", help="The qualification's id; with --by-name its name.")
]
ByName = Annotated[bool, typer.Option("--by-name", help="The qualification is given by name.")]
Workers = Annotated[list[str], typer.Argument(help="Ids of workers.")]
