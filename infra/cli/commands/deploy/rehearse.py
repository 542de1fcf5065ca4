"""`petri rehearse`."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer

from chalicelib.errors import PetriError
from infra.cli.failures import FAILED
from infra.cli.options import Directory
from infra.cli.output import out

#: Lazy import: the emulator needs packages that only a rehearsal uses.
TOOLS = "infra.emulator.rehearsal.command"


def rehearse(
    directory: Directory = Path(),
    *,
    faults: Annotated[
        bool, typer.Option("--faults", help="Also interrupt each step once and run it again.")
    ] = False,
) -> None:
    """Deploy an experiment to an AWS emulator on this machine: take part, pay, export, destroy."""
    problems = _tools().rehearse(directory, _print, faults=faults)
    if problems:
        _print(f"{len(problems)} problem{'' if len(problems) == 1 else 's'} found:")
        for problem in problems:
            _print(f"  {problem}")
        raise typer.Exit(FAILED)
    _print("The rehearsal succeeded. docs/rehearsal.md lists what only the real AWS can show.")


def _print(line: str) -> None:
    out().print(line, markup=False, highlight=False, soft_wrap=True)


def _tools() -> Any:
    """Import the AWS emulator; without its packages, raise PetriError that names the extra to install."""
    try:
        return importlib.import_module(TOOLS)
    except ModuleNotFoundError as error:
        raise PetriError(
            f"The rehearsal requires packages that aren't installed ({error.name} is missing). Install the "
            "extra `rehearse`: pip install 'petri[cli,rehearse]', or in a clone "
            "pip install -e '.[cli,rehearse]'."
        ) from error
