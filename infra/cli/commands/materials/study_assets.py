"""`petri assets`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chalicelib.errors import BadRequest
from infra.cli.aws_options import Region
from infra.cli.options import Directory
from infra.cli.output import out


class AssetAction(StrEnum):
    """What `petri assets` does."""

    LIST = "list"
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class NewDescription:
    """What the command says about a file that it adds."""

    name: str
    alt: str
    is_decorative: bool


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
    app: Annotated[
        str | None,
        typer.Option("--app", "--id", help="A run or a deployed app, whose uploaded assets are meant."),
    ] = None,
    region: Region = None,
) -> None:
    """List the pictures, sounds and videos in a study's assets/ or uploaded to a run, add or remove one."""
    if file is None and action is not AssetAction.LIST:
        raise BadRequest(f"Name the file: petri assets {directory.name} {action} FILE")
    if app is not None or region is not None:
        described = NewDescription(name, alt, decorative)
        for line in _of_run(app, region, action, file or Path(), described):
            out().print(line, markup=False)
        return
    # Lazy import: it imports what studies need.
    from infra.pages import asset_editing

    if file is None:
        lines = asset_editing.listed(directory)
    elif action is AssetAction.ADD:
        lines = [asset_editing.add(directory, file, name=name, alt=alt, is_decorative=decorative)]
    else:
        lines = [asset_editing.remove(directory, file.as_posix())]
    for line in lines:
        out().print(line, markup=False)


def _of_run(
    app: str | None, region: str | None, action: AssetAction, file: Path, described: NewDescription
) -> list[str]:
    """Act on the uploaded assets of a run, and return what to print."""
    # Lazy imports: storage, and the AWS clients.
    from infra.local.lifecycle.run_paths import RunPaths
    from infra.operator import run_assets
    from infra.operator.run_session import opened

    # Opening a run changes the current folder to that of its code.
    path = file.absolute()
    with opened(app, RunPaths(Path.cwd()), region=region) as session:
        if action is AssetAction.LIST:
            return list(run_assets.listed(session))
        if action is AssetAction.REMOVE:
            return [run_assets.remove(session, file.as_posix())]
        return [
            run_assets.add(
                session,
                path,
                name=described.name,
                alt=described.alt,
                is_decorative=described.is_decorative,
            )
        ]
