"""What the commands that serve a run have in common: where it listens, and what is told in the end."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

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


@contextmanager
def opened_with_log(wish: RunOptions, places: RunPaths) -> Iterator[Run]:
    """Open a run, keep its log, and note how it was made."""
    # First, because Chalice sets the level of the log as it is made, and the log is kept as it then is.
    chalice_app()
    with private_files(), kept(places.log(wish.run_id)), opened(wish, places) as run:
        run_outcome.note_settings(run, places)
        yield run


def listening(run: Run, port: int | None) -> socket.socket:
    """Listen at the port that was asked for, or at the settings' one if it is free."""
    host = str(run.loaded.config.get("host"))
    if port is not None:
        return listen(host, port)
    return listen_or_elsewhere(host, int(run.loaded.config.get("port")))


def hold_plan(run: Run, plan: SessionSpec, places: RunPaths, watcher: Watcher) -> bool:
    """Hold a session; True when it went well."""
    return asyncio.run(run_session(run.host, run.drain, run.operator_token, plan, places, watcher))


def serve_people(run: Run, plan: SessionSpec, places: RunPaths, links: Links) -> None:
    """Serve a run until somebody ends it."""
    database = places.database(run.id)
    teller = PeopleWatcher(run, database if database.exists() else None, links)
    with requests_told_to(teller), LiveLine() as line:
        hold_plan(run, replace(plan, look=looking(run, line.show)), places, teller)


def finish(run: Run, places: RunPaths, began: float, *, analyse: bool = True) -> None:
    """Export a run, and say how it went: counts, the experiment's own analysis, and where all of it is.

    `analyse`: whether the data is whole enough for the experiment's own analysis.
    """
    console = out()
    archive = run_outcome.export(run.engine, run.id, places)
    counted = run_outcome.counted(archive)
    show(counted, console, run_outcome.floor_of(run.id, places), run_outcome.currency_in(run.id, places))
    console.print(f"Time: {time.monotonic() - began:.1f} s")
    console.print(f"Data: {archive}", markup=False)
    report = run_outcome.analysis(run, archive) if analyse and counted.participants else None
    if report is None:
        return
    console.print(f"\n{report.title}", markup=False)
    for line in report.lines:
        console.print(line, markup=False)
    console.print(f"Report: {report.save(places.report(run.id))}", markup=False)
