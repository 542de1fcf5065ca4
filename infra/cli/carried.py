"""Says what became of what a command left to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.console import out

if TYPE_CHECKING:
    from infra.operator.office import Carried


def tell(carried: Carried) -> None:
    """Print what recruiters said, and who carried it out."""
    for line in carried.said:
        out().print(line, markup=False)
    out().print(str(carried), markup=False)
