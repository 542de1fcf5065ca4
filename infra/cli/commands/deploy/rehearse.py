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
        bool, typer.Option("--faults", help="Afterwards let each step break off once, too.")
    ] = False,
) -> None:
    """Deploy an experiment to an AWS that is played on this machine: take part, pay, export, destroy."""
    wrong = _tools().rehearse(directory, _say, faults=faults)
    if wrong:
        _say(f"{len(wrong)} things were wrong:")
        for one in wrong:
            _say(f"  {one}")
        raise typer.Exit(FAILED)
    _say("Everything went well. docs/rehearsal.md lists what only the real AWS can show.")


def _say(line: str) -> None:
    out().print(line, markup=False, highlight=False, soft_wrap=True)


def _tools() -> Any:
    """Import the emulator of AWS; PetriError that names the extra to install without its packages."""
    try:
        return importlib.import_module(TOOLS)
    except ModuleNotFoundError as error:
        raise PetriError(
            f"The rehearsal needs packages that aren't installed ({error.name} is missing). Install the "
            "extra `rehearse`: pip install 'petri[cli,rehearse]', or in a clone "
            "pip install -e '.[cli,rehearse]'."
        ) from error
