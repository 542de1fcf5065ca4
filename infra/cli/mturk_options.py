"""Options shared by the Mechanical Turk commands."""

from __future__ import annotations

from typing import Annotated

import typer

App = Annotated[str, typer.Option("--app", "--id", help="Run id.")]
Sandbox = Annotated[bool, typer.Option("--sandbox", help="Use the Mechanical Turk sandbox.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done without making changes.")]
Qualification = Annotated[
    str, typer.Option("--qualification", help="Qualification id, or its name with --by-name.")
]
ByName = Annotated[bool, typer.Option("--by-name", help="Look up the qualification by name.")]
Workers = Annotated[list[str], typer.Argument(help="Worker ids.")]
