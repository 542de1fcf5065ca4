"""`petri rehearse`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from chalicelib.model.errors import PetriError
from infra.cli.console import out
from infra.cli.failures import FAILED
from infra.cli.options import Directory

#: The tools of the rehearsal, which lie beside the tests and not in the product.
TOOLS = "tests.tools.aws.rehearse"
_CLONE = Path(__file__).parents[2]


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
    """Load the tools; PetriError that says how to get them."""
    if (_CLONE / "tests" / "tools" / "aws").is_dir() and str(_CLONE) not in sys.path:
        sys.path.append(str(_CLONE))
    try:
        # By name: an installed Petri has no tests.
        return importlib.import_module(TOOLS)
    except ModuleNotFoundError as error:
        raise PetriError(
            f"The tools of the rehearsal aren't installed ({error.name} is missing). Run it from a clone of "
            "Petri's repository, after pip install -e '.[dev]' there."
        ) from error
