"""The two consoles of a command: stdout for results, stderr for progress and failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from infra.local.lifecycle.run_session import DrainResult

#: Wider than any table.
_UNCUT = 10_000


def out() -> Console:
    """Return the console for results: tables, paths and links; plain and not truncated in a pipe."""
    return Console(highlight=False, soft_wrap=True)


def err() -> Console:
    """Return the console for progress, warnings and failures."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def show_table(table: Table, console: Console | None = None) -> None:
    """Print a table: as wide as the terminal, or not truncated in a pipe."""
    console = console or out()
    width = console.width
    if not console.is_terminal:
        console.width = _UNCUT
    try:
        console.print(table, soft_wrap=False)
    finally:
        console.width = width


def show_drain_result(result: DrainResult) -> None:
    """Print what recruiters reported, and where the messages were processed."""
    for line in result.output:
        out().print(line, markup=False)
    out().print(str(result), markup=False)
