"""The two places a command writes to: what it found out, and everything about its progress and failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from infra.local.lifecycle.run_session import DrainResult

#: Wider than any table.
_UNCUT = 10_000


def out() -> Console:
    """Give the console for what was asked for: tables, paths, links; plain and uncut in a pipe."""
    return Console(highlight=False, soft_wrap=True)


def err() -> Console:
    """Give the console for progress, warnings and failures."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def show_table(table: Table, console: Console | None = None) -> None:
    """Print a table: as wide as the terminal, or uncut in a pipe."""
    console = console or out()
    width = console.width
    if not console.is_terminal:
        console.width = _UNCUT
    try:
        console.print(table, soft_wrap=False)
    finally:
        console.width = width


def show_drain_result(carried: DrainResult) -> None:
    """Print what recruiters said, and who carried it out."""
    for line in carried.said:
        out().print(line, markup=False)
    out().print(str(carried), markup=False)
