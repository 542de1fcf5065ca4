"""`petri live`."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Annotated, Final

import typer

from infra.cli.options import Directory, NewId, Port

#: An address that is never sent to: asking for the way to it tells which address this machine has.
_ELSEWHERE: Final = ("192.0.2.1", 9)
#: All addresses of this machine, so that phones in the same network reach it.
_ALL_ADDRESSES: Final = "0.0.0.0"  # noqa: S104 - that is what the command is for


def live(
    directory: Directory = Path(),
    *,
    custom_field: Annotated[
        str, typer.Option("--ask", help="What people fill in beside their name, such as 'Student number'.")
    ] = "",
    most_players: Annotated[
        int, typer.Option("--most-players", min=0, help="How many people can join; 0 for no limit.")
    ] = 0,
    run_id: NewId = "",
    port: Port = None,
    address: Annotated[
        str,
        typer.Option(
            "--address", help="Public address, such as https://quiz.example.org, of a proxy or tunnel."
        ),
    ] = "",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the host's screen.")] = True,
) -> None:
    """Open a live session of a study: people in the room join with a PIN on their phones, and you pace it."""
    # Lazy import, as in every command that serves a run: it imports the whole platform.
    from chalicelib.operations.live_sessions.opening import open_session
    from chalicelib.operations.shared.context import OPERATOR_CALLER
    from infra.cli.live_status import HostLinks
    from infra.cli.served_run import finish, listening, opened_with_log, serve_people
    from infra.local.lifecycle.run import RunOptions
    from infra.local.lifecycle.run_lifecycle import SessionSpec
    from infra.local.lifecycle.run_paths import RunPaths, new_run_id

    from .serve import check_address

    check_address(address)
    paths, began = RunPaths(Path.cwd()), time.monotonic()
    settings = {"mode": "live", "recruiter": "link", "link_workers": "any", "host": _ALL_ADDRESSES}
    options = RunOptions(directory, run_id or new_run_id(directory.name), settings=settings)
    with opened_with_log(options, paths, port) as run:
        opened = run.app.run(open_session, custom_field, most_players, caller=OPERATOR_CALLER)
        sockets = listening(run, port)
        base = address.rstrip("/") or f"http://{own_address()}:{sockets.getsockname()[1]}"
        links = HostLinks(browser=browser, address=base, session=opened.id, pin=opened.pin)
        serve_people(run, SessionSpec(run.id, sockets), paths, links)
        finish(run, paths, began)


def own_address() -> str:
    """Return the address of this machine in its network; that of this machine alone without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
