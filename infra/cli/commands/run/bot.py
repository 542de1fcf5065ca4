"""`petri bot`."""

from __future__ import annotations

import contextlib
import math
import queue
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from chalicelib.errors import BadRequest
from infra.cli.aws_options import AnyStage, Profile, Region
from infra.cli.failures import FAILED
from infra.cli.options import BOT_SECONDS, RUN_SECONDS, BotTimeout, Directory, Seed, Timeout
from infra.cli.progress import BotProgress
from infra.cli.run_selection import deployed
from infra.local.lifecycle.crowd import Crowd, Participation
from infra.local.lifecycle.run_lifecycle import LOOK_EVERY
from infra.local.lifecycle.run_paths import RunPaths

if TYPE_CHECKING:
    from infra.aws.deployed import app_registry


def bot(
    directory: Directory = Path(),
    *,
    debug: Annotated[
        bool, typer.Option("--debug", help="Join the run that is being served from this folder.")
    ] = False,
    app: Annotated[str, typer.Option("--app", help="Run, deployed app or address to join.")] = "",
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="Number of bots.")] = 1,
    at_once: Annotated[
        int, typer.Option("--at-once", min=0, help="Number of concurrent bots; 0 for all.")
    ] = 0,
    seed: Seed = None,
    bot_timeout: BotTimeout = BOT_SECONDS,
    timeout: Timeout = RUN_SECONDS,
    name: Annotated[str, typer.Option("--name", help="Bot class; defaults to Bot.")] = "",
    stage: AnyStage = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Let bots of the experiment take part in a run that is being served."""
    # Lazy import: it imports the public API for authors.
    from chalicelib.experiment.loader.experiment_folder import load_experiment
    from infra.local.lifecycle import identity
    from infra.local.lifecycle.bot_selection import chosen_bots

    found = None if _is_address(app) else deployed(app or None, stage, profile, region)
    address = _address(app, debug=debug) if found is None else _address_of(found)
    loaded = load_experiment(directory)
    if app and found is None and not _is_address(app):
        identity.check(loaded, app, RunPaths(Path.cwd()))
    classes = chosen_bots(loaded, name)
    token = "" if found is None else _token_of(found)
    crowd = Crowd(address, classes, number, at_once=at_once or number, seed=seed, token=token)
    with BotProgress(number) as progress:
        succeeded = _watched(crowd, number, progress, bot_timeout, timeout)
    if not succeeded:
        raise typer.Exit(FAILED)


def _watched(crowd: Crowd, count: int, progress: BotProgress, bot_timeout: float, timeout: float) -> bool:
    """Start the bots and show their progress; True when all of them succeeded in time."""
    ended: queue.SimpleQueue[Participation] = queue.SimpleQueue()
    until = time.monotonic() + (timeout or math.inf)
    results: list[Participation] = []
    crowd.start(ended.put)
    while len(results) < count:
        if time.monotonic() > until:
            late = crowd.end(f"the run's time limit of {timeout:g} seconds (--timeout) was reached")
            results += [progress.advance(one) for one in late]
            return False
        if bot_timeout:
            crowd.cut_short(bot_timeout, ended.put)
        with contextlib.suppress(queue.Empty):
            results.append(progress.advance(ended.get(timeout=LOOK_EVERY)))
    return all(one.succeeded for one in results)


def _address(app: str, *, debug: bool) -> str:
    if _is_address(app):
        return _checked_address(app)
    if not app and not debug:
        raise BadRequest(
            "Which run should the bot join? Use --debug for the one served from this folder, or --app."
        )
    return RunPaths(Path.cwd()).address(app or None)


def _checked_address(app: str) -> str:
    """Return an address without its trailing slash; BadRequest when its host or port isn't valid."""
    try:
        parts = urlsplit(app)
        valid = bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise BadRequest(f"{app!r} is not a valid address; use one such as http://127.0.0.1:5000.")
    return app.rstrip("/")


def _is_address(app: str) -> bool:
    return app.startswith(("http://", "https://"))


def _address_of(found: app_registry.LocatedApp) -> str:
    # Lazy import: the AWS clients take a while to import.
    from infra.aws.account.aws_errors import plainly
    from infra.aws.deployed import deployment_info

    with plainly():
        return deployment_info.demand(found.account, found.names).site_url


def _token_of(found: app_registry.LocatedApp) -> str:
    """Return the operator's token, if this machine has it: with entry links, bots need it to enter."""
    # Lazy import, as above.
    from infra.aws.resources.app_secrets import OperatorTokens

    return OperatorTokens().find(found.names, found.account.region) or ""
