"""`petri assets`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chalicelib.errors import BadRequest
from infra.cli.options import Directory
from infra.cli.output import out


class AssetAction(StrEnum):
    """What `petri assets` does."""

    LIST = "list"
    ADD = "add"
    REMOVE = "remove"


def assets(
    directory: Directory = Path(),
    action: Annotated[AssetAction, typer.Argument(help="What to do.")] = AssetAction.LIST,
    file: Annotated[
        Path | None, typer.Argument(help="add: the file to copy; remove: the asset, as pages name it.")
    ] = None,
    *,
    name: Annotated[
        str,
        typer.Option("--name", help="add: the name that pages use; by default the file's."),
    ] = "",
    alt: Annotated[
        str, typer.Option("--alt", help="add: what a person reads or hears who doesn't see the picture.")
    ] = "",
    decorative: Annotated[
        bool, typer.Option("--decorative", help="add: the picture says nothing that the text doesn't say.")
    ] = False,
) -> None:
    """List the pictures, sounds and videos in a study's assets/, add one, or remove one."""
    # Lazy import: it imports what studies need.
    from infra.pages import asset_editing

    if action is AssetAction.LIST:
        lines = asset_editing.listed(directory)
    elif file is None:
        raise BadRequest(f"Name the file: petri assets {directory.name} {action} FILE")
    elif action is AssetAction.ADD:
        lines = [asset_editing.add(directory, file, name=name, alt=alt, is_decorative=decorative)]
    else:
        lines = [asset_editing.remove(directory, file.as_posix())]
    for line in lines:
        out().print(line, markup=False)
