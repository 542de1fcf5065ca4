"""`petri verify`."""

from __future__ import annotations

from pathlib import Path

import typer

from infra.cli.failures import FAILED
from infra.cli.options import Directory
from infra.cli.output import out

_MARKS = {"error": "[red]error[/]  ", "warning": "[yellow]warning[/]"}


def verify(directory: Directory = Path()) -> None:
    """Check an experiment's folder: report every problem and how to fix it."""
    # Lazy import: it imports storage and templates.
    from infra.verify import verify as findings_of

    console = out()
    findings = findings_of(directory)
    for finding in findings:
        console.print(_MARKS[finding.level], end=" ")
        console.print(f"{finding.where}: {finding.what}", markup=False)
        console.print(f"        {finding.fix}", markup=False)
    errors = sum(finding.level == "error" for finding in findings)
    if errors:
        console.print(
            f"{directory.name} can't run yet: {errors} error{'' if errors == 1 else 's'} to fix.",
            markup=False,
        )
        raise typer.Exit(FAILED)
    console.print(f"{directory.name} is ready to run.", markup=False)
