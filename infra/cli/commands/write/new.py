"""`petri new`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.output import out


def new(name: Annotated[str, typer.Argument(help="The experiment's name: letters, figures, _.")]) -> None:
    """Write a folder with an experiment that runs and is tested, to be changed into yours."""
    # Lazy import: few calls of petri need it.
    from infra.scaffold import create

    folder = create(name, Path.cwd())
    console = out()
    console.print(f"{folder} is written. Try it:", markup=False)
    console.print(f"  petri debug {name}", markup=False)
