"""`petri debug`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from chalicelib.model.errors import BadRequest
from infra.cli.failures import FAILED
from infra.cli.options import Directory, Seed
from infra.cli.progress import Progress
from infra.cli.serving import finish, hold_plan, listening, opened_with_log, serve_people
from infra.cli.telling import ForBots, Links
from infra.local.bots import chosen_bots
from infra.local.places import Places, new_run_id
from infra.local.run import EngineName, Run, Wish
from infra.local.session import Bots, Plan

#: Bots that take part at the same moment when neither a seed nor a waiting room says otherwise.
AT_ONCE = 8


def debug(
    directory: Directory = Path(),
    *,
    bots: Annotated[int, typer.Option("--bots", min=0, help="How many bots take part.")] = 0,
    at_once: Annotated[int, typer.Option("--at-once", min=0, help="How many of them at a time.")] = 0,
    bot: Annotated[bool, typer.Option("--bot", help="Bots come whenever the experiment recruits.")] = False,
    seed: Seed = None,
    leave: Annotated[bool, typer.Option("--exit", help="End when the bots are through.")] = False,
    run_id: Annotated[str, typer.Option("--id", "--app", help="The run's id; an earlier one goes on.")] = "",
    engine: Annotated[EngineName, typer.Option("--engine", help="Where records are kept.")] = "sqlite",
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = None,
    proxy: Annotated[int | None, typer.Option("--proxy", help="The port that links are given with.")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open links.")] = True,
) -> None:
    """Run an experiment on this machine, for people or bots, and export its data in the end."""
    if leave and not bots:
        raise BadRequest("--exit ends the run when the bots are through; say how many with --bots.")
    places, began = Places(Path.cwd()), time.monotonic()
    wish = Wish(directory, run_id or new_run_id(directory.name), engine, _settings(seed, bot=bot))
    with opened_with_log(wish, places) as run:
        listener = listening(run, 0 if bots and port is None else port)
        if bots:
            crowd = _crowd(run, bots, at_once, seed)
            succeeded = _let_bots_in(run, Plan(run.id, listener, bots=crowd, leave=leave), places)
        else:
            succeeded = True
            serve_people(run, Plan(run.id, listener), places, Links(browser, proxy))
        finish(run, places, began)
    if not succeeded:
        raise typer.Exit(FAILED)


def _settings(seed: int | None, *, bot: bool) -> dict[str, Any]:
    settings: dict[str, Any] = {} if seed is None else {"run_seed": seed}
    return {**settings, "recruiter": "bots"} if bot else settings


def _crowd(run: Run, count: int, at_once: int, seed: int | None) -> Bots:
    """Plan the bots: all at once where they wait for one another, in turn where a seed fixes the order."""
    usual = count if run.quorum() else 1 if seed is not None else AT_ONCE
    return Bots(chosen_bots(run.loaded), count, at_once or usual, seed, before=run.participants())


def _let_bots_in(run: Run, plan: Plan, places: Places) -> bool:
    with Progress(plan.bots.count if plan.bots else 0) as progress:
        return hold_plan(run, plan, places, ForBots(run, progress))
