"""`petri bot`."""

from __future__ import annotations

import queue
from pathlib import Path
from typing import Annotated

import typer

from chalicelib.model.errors import BadRequest
from infra.cli.failures import FAILED
from infra.cli.options import Directory, Seed
from infra.cli.progress import Progress
from infra.local.crowd import Crowd, Participation
from infra.local.places import Places


def bot(
    directory: Directory = Path(),
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Join the run that is served here.")] = False,
    app: Annotated[str, typer.Option("--app", help="Join this one: a run's id, or an address.")] = "",
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="How many bots.")] = 1,
    at_once: Annotated[int, typer.Option("--at-once", min=0, help="How many at a time; all.")] = 0,
    seed: Seed = None,
    name: Annotated[str, typer.Option("--name", help="The bot's class; Bot, if there is one.")] = "",
) -> None:
    """Let a bot of the experiment take part in a run that is going on."""
    # Put off: it brings the author's door along.
    from chalicelib.experiment.loader import load_experiment
    from infra.local.bots import chosen_bots

    address = _address(app, debug=debug)
    classes = chosen_bots(load_experiment(directory), name)
    ended: queue.SimpleQueue[Participation] = queue.SimpleQueue()
    Crowd(address, classes, number, at_once=at_once or number, seed=seed).start(ended.put)
    with Progress(number) as progress:
        fared = [progress.advance(ended.get()) for _ in range(number)]
    if not all(one.succeeded for one in fared):
        raise typer.Exit(FAILED)


def _address(app: str, *, debug: bool) -> str:
    if app.startswith(("http://", "https://")):
        return app.rstrip("/")
    if not app and not debug:
        raise BadRequest("Which run should the bot join? Give --debug for the one served here, or --app.")
    return Places(Path.cwd()).address(app or None)
