"""`petri verify`."""

from __future__ import annotations

from pathlib import Path

import typer

from infra.cli.failures import FAILED
from infra.cli.options import Directory
from infra.cli.output import out

_MARKS = {"error": "[red]error[/]  ", "warning": "[yellow]warning[/]"}


def verify(directory: Directory = Path()) -> None:
    """Check an experiment's folder; say everything that is wrong, each with its mend."""
    # Lazy import: it brings the storage and the pages along.
    from infra.verify import verify as findings_of

    console = out()
    findings = findings_of(directory)
    for finding in findings:
        console.print(_MARKS[finding.level], end=" ")
        console.print(f"{finding.where}: {finding.what}", markup=False)
        console.print(f"        {finding.fix}", markup=False)
    errors = sum(finding.level == "error" for finding in findings)
    if errors:
        console.print(f"{directory.name} can't run yet: {errors} to mend.", markup=False)
        raise typer.Exit(FAILED)
    console.print(f"{directory.name} can run.", markup=False)
