"""`petri serve`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from chalicelib.errors import BadRequest
from infra.cli.options import Directory, NewId, Port
from infra.cli.output import err

if TYPE_CHECKING:
    from infra.local.lifecycle.run import Run


def serve(
    directory: Directory = Path(),
    *,
    run_id: NewId = "",
    port: Port = None,
    address: Annotated[
        str,
        typer.Option("--address", help="Public address of the run, such as https://study.example.org."),
    ] = "",
) -> None:
    """Serve a study to real participants from this machine, live and through entry links only."""
    # Lazy import, as in every command that serves a run: it imports the whole platform.
    from infra.cli.live_status import Links
    from infra.cli.served_run import finish, listening, opened_with_log, serve_people
    from infra.local.lifecycle.run import RunOptions
    from infra.local.lifecycle.run_lifecycle import SessionSpec
    from infra.local.lifecycle.run_paths import RunPaths, new_run_id
    from infra.study_library.play_reports import report_play

    check_address(address)
    paths, began = RunPaths(Path.cwd()), time.monotonic()
    options = RunOptions(directory, run_id or new_run_id(directory.name), settings={"mode": "live"})
    with opened_with_log(options, paths, port) as run:
        _check(run)
        if said := report_play(directory, run.id):
            err().print(said, markup=False)
        links = Links(browser=False, address=address.rstrip("/"))
        serve_people(run, SessionSpec(run.id, listening(run, port)), paths, links)
        finish(run, paths, began)


def check_address(address: str) -> None:
    """Raise BadRequest unless the address has http or https, and a host."""
    if not address:
        return
    try:
        parts = urlsplit(address)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        # Accessing the port validates it.
        is_address = is_address and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise BadRequest(f"{address} is not a valid address; use one such as https://study.example.org.")


def _check(run: Run) -> None:
    """Raise BadRequest for a study whose participants don't enter through links."""
    recruiter = str(run.app.config.get("recruiter") or "")
    if recruiter != "link":
        raise BadRequest(
            f"petri serve requires entry links, but the recruiter is {recruiter or 'hotair'}. Set "
            "recruiter = link, or use petri deploy for a study on Mechanical Turk or Prolific."
        )
