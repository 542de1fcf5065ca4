"""Says what became of what a command left to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import out

if TYPE_CHECKING:
    from infra.local.lifecycle.run_session import DrainResult


def show_drain_result(carried: DrainResult) -> None:
    """Print what recruiters said, and who carried it out."""
    for line in carried.said:
        out().print(line, markup=False)
    out().print(str(carried), markup=False)
