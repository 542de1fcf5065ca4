"""`petri vendor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.output import out


def vendor(
    library: Annotated[str, typer.Argument(help="jspsych, labjs or surveyjs.")],
    folder: Annotated[Path, typer.Argument(help="The experiment's folder.")] = Path(),
) -> None:
    """Copy a library for embedded pages into an experiment, which then keeps this version."""
    # Lazy import: only this command needs it.
    from infra.site.libraries import copy_library

    place, versions = copy_library(library, folder)
    console = out()
    console.print(f"Copied {versions} to {place}.", markup=False)
