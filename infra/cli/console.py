"""The two places a command writes to: what it found out, and everything about its progress and failure."""

from __future__ import annotations

from rich.console import Console


def out() -> Console:
    """Give the console for what was asked for: tables, paths, links; plain and uncut in a pipe."""
    return Console(highlight=False, soft_wrap=True)


def err() -> Console:
    """Give the console for progress, warnings and failures."""
    return Console(stderr=True, highlight=False, soft_wrap=True)
