"""`petri verify`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.cli.failures import FAILED
from infra.cli.options import Directory
from infra.cli.output import out, show_table

_MARKS = {"error": "[red]error[/]  ", "warning": "[yellow]warning[/]"}


def _print_design(console: Console, rows: Sequence[Mapping[str, str]]) -> None:
    """Print the cells of a study's design, each with its share of the participants and its quota."""
    columns = [name for name in rows[0] if name != "cell" and any(row[name] for row in rows)]
    table = Table(*columns, title="Conditions")
    for row in rows:
        table.add_row(*(Text(row[name]) for name in columns))
    show_table(table, console)


def verify(directory: Directory = Path()) -> None:
    """Check an experiment's folder: report every problem and how to fix it."""
    # Lazy import: it imports storage and templates.
    from infra.verify import examine
    from infra.verify.studies.origin_file import origins_in

    console = out()
    verdict = examine(directory)
    findings = verdict.findings
    for finding in findings:
        console.print(_MARKS[finding.level], end=" ")
        console.print(f"{finding.where}: {finding.what}", markup=False)
        if finding.fix:
            console.print(f"        {finding.fix}", markup=False)
    for origin in origins_in(directory):
        console.print("[blue]note[/]   ", end=" ")
        console.print(f"origin.toml: Copied from {origin.sentence()}.", markup=False)
    errors = sum(finding.level == "error" for finding in findings)
    if errors:
        console.print(
            f"{directory.name} can't run yet: {errors} error{'' if errors == 1 else 's'} to fix.",
            markup=False,
        )
        raise typer.Exit(FAILED)
    if verdict.design:
        _print_design(console, verdict.design)
    console.print(f"{directory.name} is ready to run.", markup=False)
