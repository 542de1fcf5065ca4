"""`petri import-book`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from infra.cli.aws_options import Region
from infra.cli.output import err, out

if TYPE_CHECKING:
    from chalicelib.storage.engine import Engine
    from chalicelib.storage.engine_store import EngineStore
    from infra.books.import_book import BookImport

#: How many answers without a question are shown; all are counted.
SHOWN = 20


def import_book(
    directory: Annotated[
        Path,
        typer.Argument(help="The Sphinx project: the folder with its conf.py.", file_okay=False, exists=True),
    ],
    *,
    into: Annotated[
        Path, typer.Option("--into", help="The study's folder; by default the current one.", file_okay=False)
    ] = Path(),
    name: Annotated[
        str, typer.Option("--name", help="The book's name, if the study has several; by default `book`.")
    ] = "",
    data: Annotated[
        list[Path] | None,
        typer.Option(
            "--data",
            help="An export of a deployed app in which to look for answers; repeatable.",
            exists=True,
        ),
    ] = None,
    app: Annotated[
        list[str] | None,
        typer.Option("--app", help="A deployed app in which to look for answers; repeatable."),
    ] = None,
    region: Region = None,
    write_ids: Annotated[
        bool, typer.Option("--write-ids", help="Write the ids of new pages into the book's source.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Change the study without asking.")] = False,
) -> None:
    """Import a Sphinx project, in reStructuredText or MyST, as a book of the study; again to update it.

    This runs the project's conf.py and its extensions: import only books whose code you would run.
    """
    # Lazy import: it imports every kind of item.
    from infra.books.import_book import prepare
    from infra.books.lost_answers import DataPlaces

    apps = {name: partial(table_of, name, region) for name in app or ()}
    found = prepare(directory, into, name=name, data=DataPlaces(Path.cwd(), data or (), apps))
    _show(found, apps)
    new_ids = found.made.new_ids if write_ids else []
    if not found.is_needed and not new_ids:
        out().print("The study has the book as it is; nothing was changed.")
        return
    if not yes:
        typer.confirm(_question(found, len(new_ids)), err=True, abort=True)
    found.apply(write_ids=write_ids)
    pages, questions = len(list(found.made.contents.pages())), len(list(found.made.contents.questions()))
    out().print(f"Imported into {found.study}: {pages} pages, {questions} questions.", markup=False)
    if new_ids:
        out().print(f"Page ids written into {len(new_ids)} files of {found.project.folder}.", markup=False)
    elif found.made.new_ids:
        out().print(
            f"{len(found.made.new_ids)} pages have no id in their source, so a renamed file would be a "
            "removed and an added page. Write the ids with --write-ids."
        )
    out().print("Check the study with: petri verify", markup=False)


def _show(found: BookImport, looked_at: Collection[str]) -> None:
    """Show what would change, and whose answers would lose their question, in the apps `looked_at` too."""
    for warning in found.made.warnings:
        err().print(f"warning: {warning}", markup=False)
    for change in found.changes.lines():
        out().print(change, markup=False)
    for path in found.changes.overwritten:
        out().print(f"overwritten: {path}, which was changed or removed after the last import", markup=False)
    if found.changes.counts():
        out().print(f"Changes: {found.changes.counts()}.", markup=False)
    if found.changes.lost_items:
        _name_other_apps(found.study, looked_at)
    if not found.lost:
        return
    people = len({(answer.run, answer.participant_id) for answer in found.lost})
    out().print(
        f"{len(found.lost)} answers of {people} participants would lose their question. They stay in the "
        "data, and no longer count for points:"
    )
    for answer in found.lost[:SHOWN]:
        out().print(f"  {answer}", markup=False)
    if len(found.lost) > SHOWN:
        out().print(f"  ... and {len(found.lost) - SHOWN} more")


@contextmanager
def table_of(app: str, region: str | None) -> Iterator[Engine]:
    """Open the table of a deployed app; NotFound when it isn't deployed."""
    # Lazy imports: the AWS clients take a while to import.
    from infra.local.lifecycle.run_paths import RunPaths
    from infra.operator.run_session import opened

    with opened(app, RunPaths(Path.cwd()), with_code=False, region=region) as session:
        yield cast("EngineStore", session.app.store).engine


def _name_other_apps(study: Path, looked_at: Collection[str]) -> None:
    """Name the apps that were deployed from the study's folder, and whose answers weren't looked at."""
    from infra.aws.account.local_registry import LocalRegistry

    deployed = {entry.app for entry in LocalRegistry().entries() if Path(entry.folder).resolve() == study}
    for name in sorted(deployed - set(looked_at)):
        err().print(
            f"warning: the app {name} was deployed from this folder, and its answers weren't looked at. "
            f"Look at them with: --app {name}",
            markup=False,
        )


def _question(found: BookImport, new_ids: int) -> str:
    parts = [f"Change {found.study}"] if found.is_needed else []
    if new_ids:
        parts.append(f"write page ids into {new_ids} files of {found.project.folder}")
    question = " and ".join(parts)
    return f"{question[:1].upper()}{question[1:]}?"
