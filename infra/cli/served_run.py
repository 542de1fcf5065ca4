"""Code shared by the commands that serve a run: opening it, listening, and the final report."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from infra.cli.commands.operate.summary import show
from infra.local.lifecycle import run_outcome
from infra.local.lifecycle.run import Run, RunOptions, chalice_app, opened
from infra.local.lifecycle.run_lifecycle import SessionSpec, Watcher, run_session
from infra.local.lifecycle.run_paths import RunPaths, private_files
from infra.local.logs import kept
from infra.local.uvicorn_server import listen, listen_or_elsewhere

from .live_status import Links, PeopleWatcher, requests_told_to
from .output import out
from .progress import LiveLine, looking

#: Where a port is tried before a run is opened; the host of the run is known with its settings only.
LOOPBACK: Final = "127.0.0.1"


@contextmanager
def opened_with_log(options: RunOptions, paths: RunPaths, port: int | None = None) -> Iterator[Run]:
    """Open a run, keep its log, and record its settings.

    Raises `AddressError` when another program uses `port`, before a new run has any files: the latest run of
    the folder is the one that the operator means.
    """
    if port:
        listen(LOOPBACK, port).close()
    # First, because Chalice sets the log level when the app is created.
    chalice_app()
    with private_files(), kept(paths.log(options.run_id)), opened(options, paths) as run:
        run_outcome.note_settings(run, paths)
        yield run


def listening(run: Run, port: int | None) -> socket.socket:
    """Listen on the requested port, or on the configured one if it is free."""
    host = str(run.loaded.config.get("host"))
    if port is not None:
        return listen(host, port)
    return listen_or_elsewhere(host, int(run.loaded.config.get("port")))


def hold_plan(run: Run, plan: SessionSpec, paths: RunPaths, watcher: Watcher) -> bool:
    """Run a session; True when it succeeded."""
    return asyncio.run(run_session(run.host, run.drain, run.operator_token, plan, paths, watcher))


def serve_people(
    run: Run,
    plan: SessionSpec,
    paths: RunPaths,
    links: Links,
    also: Callable[[], None] | None = None,
) -> None:
    """Serve a run until Ctrl-C; `also` is called several times a second."""
    database = paths.database(run.id)
    watcher = PeopleWatcher(run, database if database.exists() else None, links)
    with requests_told_to(watcher), LiveLine() as line:
        show_status = looking(run, line.show)

        def look() -> None:
            show_status()
            if also is not None:
                also()

        hold_plan(run, replace(plan, look=look), paths, watcher)


def finish(run: Run, paths: RunPaths, began: float, *, analyse: bool = True) -> None:
    """Export a run, and print its summary, the experiment's own analysis, and where the files are.

    `analyse`: whether the data is complete enough for the experiment's own analysis.
    """
    console = out()
    archive = run_outcome.export(run.engine, run.id, paths)
    counted = run_outcome.counted(archive)
    show(counted, console, run_outcome.floor_of(run.id, paths), run_outcome.currency_in(run.id, paths))
    console.print(f"Time: {time.monotonic() - began:.1f} s")
    console.print(f"Data: {archive}", markup=False)
    report = run_outcome.analysis(run, archive) if analyse and counted.participants else None
    if report is None:
        return
    console.print(f"\n{report.title}", markup=False)
    for line in report.lines:
        console.print(line, markup=False)
    console.print(f"Report: {report.save(paths.report(run.id))}", markup=False)
