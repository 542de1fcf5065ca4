"""`petri new`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.output import out


def new(
    name: Annotated[str, typer.Argument(help="Name of the experiment: letters, digits and underscores.")],
    kind: Annotated[
        str,
        typer.Option(
            help="survey, game, chain, trials, jspsych, live, or blank (classic); a terminal asks for it."
        ),
    ] = "",
) -> None:
    """Create a folder with a working, tested experiment for you to change."""
    # Lazy import: only this command needs it.
    from infra.scaffold import LIBRARIES_OF, create
    from infra.site.libraries import copy_library

    chosen = kind or _asked_kind()
    folder = create(name, Path.cwd(), chosen)
    if chosen in LIBRARIES_OF:
        copy_library(LIBRARIES_OF[chosen], folder)
    console = out()
    console.print(f"Created {folder}. To try it, run:", markup=False)
    console.print(f"  petri debug {name}", markup=False)


def _asked_kind() -> str:
    """Ask for the kind in a terminal; elsewhere it is blank."""
    # Lazy import: only this command needs it.
    from infra.scaffold import KINDS

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "blank"
    console = out()
    for kind, what in KINDS.items():
        console.print(f"  {kind:8} {what}", markup=False)
    return str(typer.prompt("Which kind", default=next(iter(KINDS))))
