"""`petri load`."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Annotated

import typer

from chalicelib.storage.sqlite import SQLiteEngine
from infra.cli.console import out
from infra.cli.options import Directory
from infra.cli.serving import finish, listening, opened_with_log, serve_people
from infra.cli.telling import Links
from infra.load import load_zip
from infra.local.places import Places, new_run_id
from infra.local.run import Wish
from infra.local.session import Plan


def load(
    archive: Annotated[Path, typer.Argument(help="An export.", exists=True, resolve_path=True)],
    directory: Directory = Path(),
    *,
    run_id: Annotated[str, typer.Option("--id", "--app", help="The id that the new run gets.")] = "",
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = None,
    leave: Annotated[bool, typer.Option("--exit", help="Load only; serve later with petri debug.")] = False,
) -> None:
    """Put an export back into a run of its own and serve it with its experiment, until Ctrl-C."""
    places, began = Places(Path.cwd()), time.monotonic()
    wish = Wish(directory, run_id or new_run_id(archive.stem.removesuffix("-data")))
    with contextlib.closing(SQLiteEngine(places.database(wish.run_id))) as engine:
        counts = load_zip(archive, engine)
    loaded = ", ".join(f"{count} {table}" for table, count in counts.items() if count)
    out().print(f"{wish.run_id} is loaded: {loaded}.", markup=False)
    if leave:
        return
    with opened_with_log(wish, places) as run:
        plan = Plan(run.id, listening(run, port), launch=False)
        serve_people(run, plan, places, Links(browser=False))
        finish(run, places, began)
