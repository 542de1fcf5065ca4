"""`petri library`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from rich.table import Table

from chalicelib.errors import BadRequest
from infra.cli.output import err, out
from infra.study_library.play_reports import LIBRARY_ADDRESS as ADDRESS
from infra.study_library.play_reports import LIBRARY_TOKEN as TOKEN

if TYPE_CHECKING:
    from petri.client import Client

LibraryAction = Literal["list", "show", "publish", "copy", "rate"]
#: How many entries a list has at most.
_MOST: Final = 200


def library(
    action: Annotated[
        LibraryAction, typer.Argument(help="list (the default), show, publish, copy or rate.")
    ] = "list",
    what: Annotated[
        str | None,
        typer.Argument(help="publish: the study's folder; show, copy and rate: the entry.", metavar="[WHAT]"),
    ] = None,
    folder: Annotated[
        Path | None, typer.Argument(help="copy: the new folder; by default the entry's name.")
    ] = None,
    *,
    address: Annotated[
        str, typer.Option("--address", envvar=ADDRESS, help="Address of the dashboard with the library.")
    ] = "",
    search: Annotated[str, typer.Option("--search", help="list: words that entries contain.")] = "",
    own: Annotated[bool, typer.Option("--own", help="list: your own entries alone.")] = False,
    version: Annotated[int | None, typer.Option("--version", min=1, help="copy: an older version.")] = None,
    name: Annotated[
        str, typer.Option("--name", help="publish: the entry; by default the folder's name.")
    ] = "",
    title: Annotated[str | None, typer.Option("--title", help="publish: the title.")] = None,
    description: Annotated[
        str | None, typer.Option("--description", help="publish: what the study is about.")
    ] = None,
    author: Annotated[str | None, typer.Option("--author", help="publish: the names of the authors.")] = None,
    licence: Annotated[str | None, typer.Option("--licence", help="publish: such as 'CC BY 4.0'.")] = None,
    visibility: Annotated[
        Literal["private", "lab", "public"] | None,
        typer.Option("--visibility", help="publish: the visibility; a new entry is private."),
    ] = None,
    notes: Annotated[str, typer.Option("--notes", help="publish: what is new in this version.")] = "",
    stars: Annotated[int, typer.Option("--stars", min=0, max=5, help="rate: 1 to 5; 0 takes it back.")] = 0,
) -> None:
    """List the studies in the library of a dashboard, publish one, copy one, or rate one."""
    client = _client(address)
    if action == "list":
        _list(client, search, own=own)
    elif action == "show":
        _show(client, _named(what, "show NAME"))
    elif action == "publish":
        texts = {
            "title": title,
            "description": description,
            "author": author,
            "licence": licence,
            "visibility": visibility,
        }
        _publish(client, Path(_named(what, "publish DIRECTORY")), name, notes, texts)
    elif action == "copy":
        wanted = _named(what, "copy NAME")
        _copy(client, address, wanted, version, folder or Path(wanted))
    else:
        row = client.library.rate(_named(what, "rate NAME --stars 4"), stars=stars)
        out().print(f"{row.id}: {_rating(row.rating, row.ratings)}.", markup=False)


def _client(address: str) -> Client:
    # Lazy import: it imports what requests need.
    from petri.client import Client

    token = os.environ.get(TOKEN, "")
    if not address or not token:
        raise BadRequest(
            f"Name the dashboard with --address or {ADDRESS}, and set {TOKEN} to a token of yours, which the "
            "dashboard's page Account makes."
        )
    return Client(address, token)


def _named(what: str | None, usage: str) -> str:
    if what is None:
        raise BadRequest(f"Something is missing: petri library {usage}")
    return what


def _list(client: Client, search: str, *, own: bool) -> None:
    table = Table("Entry", "Title", "Owner", "Version", "Visibility", "Rating", "Copies")
    count = 0
    for row in client.library.list(q=search, own=own, limit=_MOST):
        if count == _MOST:
            err().print(f"These are the first {_MOST}. Name words with --search.", markup=False)
            break
        count += 1
        stars = "" if row.rating is None else f"{row.rating:.1f} ({row.ratings})"
        texts = (row.id, row.title, row.owner_name, str(row.latest), row.visibility, stars, str(row.copies))
        table.add_row(*map(_plain, texts))
    out().print(table if count else "The library has no entry like that.")


def _show(client: Client, name: str) -> None:
    detail = client.library.read(name)
    row, newest = detail.entry, detail.versions[0]
    items = sum(one.count for one in newest.items)
    lines = [
        f"{row.title} ({row.id}), version {row.latest}, {row.visibility}",
        f"Owner: {row.owner_name}. Author: {row.author or 'not named'}. Licence: {row.licence or 'none'}.",
        f"{_rating(row.rating, row.ratings)}; {row.copies} copies, {row.plays} plays, {row.views} views.",
        f"{newest.files} files, {len(newest.pages)} pages, {newest.assets} assets, {items} items.",
        *(f"Copied from {one.title or one.entry} ({one.entry} {one.version})" for one in newest.origins),
        *([row.description] if row.description else []),
    ]
    for line in lines:
        out().print(line, markup=False)


def _publish(client: Client, folder: Path, name: str, notes: str, texts: dict[str, str | None]) -> None:
    # Lazy import: it imports what packages need.
    from infra.study_library.package_folders import entry_name_of, pack_study

    if not folder.is_dir():
        raise BadRequest(f"There is no folder {folder}.")
    packed = pack_study(folder)
    row = client.publish_package(name or entry_name_of(folder), packed.content, notes=notes, **texts)
    if packed.left_out:
        err().print(f"Left out of config.txt: {', '.join(packed.left_out)}.", markup=False)
    files = packed.facts.files
    out().print(
        f"Published {row.id}, version {row.latest}: {files} files. Visibility: {row.visibility}.",
        markup=False,
    )


def _copy(client: Client, address: str, name: str, version: int | None, folder: Path) -> None:
    # Lazy import: as in `_publish`.
    from infra.study_library.package_folders import require_new_folder, unpack_study

    require_new_folder(folder)
    copied, content = client.copy_package(name, version)
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    origins = unpack_study(content, folder, address=address, copied=moment)
    out().print(f"Copied {name}, version {copied.version.version}, to {folder}.", markup=False)
    for origin in origins[1:]:
        out().print(f"It was copied from {origin.sentence()}.", markup=False)
    if copied.entry.licence:
        out().print(f"Licence: {copied.entry.licence}.", markup=False)


def _rating(rating: float | None, ratings: int) -> str:
    return "Not rated" if rating is None else f"Rated {rating:.1f} of 5 by {ratings}"


def _plain(text: str) -> str:
    """Return a text in which rich finds no markup."""
    from rich.markup import escape

    return escape(text)
