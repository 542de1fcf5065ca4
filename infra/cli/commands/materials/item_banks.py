"""`petri bank`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.output import out


def bank(
    folder: Annotated[Path, typer.Argument(help="The bank's folder.", exists=True, file_okay=False)],
    *,
    studies: Annotated[
        Path,
        typer.Option("--studies", help="The folder with your studies.", exists=True, file_okay=False),
    ] = Path(),
) -> None:
    """List the items of a bank with their versions, and which studies take them."""
    # Lazy import: it imports every kind of item.
    from infra.item_bank.bank_listing import list_bank

    listing = list_bank(folder, studies)
    for item in listing.items:
        users = ", ".join(item.used_by) or "no study"
        out().print(f"{item.name} ({item.kind}, version {item.version}), taken by {users}", markup=False)
        out().print(f"  {' '.join(item.prompt.split())}", markup=False)
    for problem in listing.problems:
        out().print(f"ERROR in {problem}", markup=False)
    for told in listing.of_studies:
        out().print(f"ERROR in {told}", markup=False)
    if listing.problems or listing.of_studies:
        raise typer.Exit(1)
