"""`petri new`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.output import out


def new(
    name: Annotated[str, typer.Argument(help="Name of the experiment: letters, digits and underscores.")],
) -> None:
    """Create a folder with a working, tested experiment for you to change."""
    # Lazy import: only this command needs it.
    from infra.scaffold import create

    folder = create(name, Path.cwd())
    console = out()
    console.print(f"Created {folder}. To try it, run:", markup=False)
    console.print(f"  petri debug {name}", markup=False)
