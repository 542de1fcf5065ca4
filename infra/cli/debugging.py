"""What `petri debug` does."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.model.errors import BadRequest
from infra.cli.options import EngineName
from infra.cli.progress import Progress
from infra.cli.serving import finish, hold_plan, listening, opened_with_log, serve_people
from infra.cli.telling import ForBots, Links
from infra.local.bots import chosen_bots
from infra.local.places import Places, new_run_id
from infra.local.run import Run, Wish
from infra.local.session import Bots, Plan

#: Bots that take part at the same moment when neither a seed nor a waiting room says otherwise.
AT_ONCE = 8


@dataclass(frozen=True)
class Asked:
    """What somebody asked of `petri debug`, word for word."""

    directory: Path
    bots: int
    at_once: int
    bot: bool
    seed: int | None
    leave: bool
    run_id: str
    engine: EngineName
    port: int | None
    proxy: int | None
    browser: bool
    adopt: bool = False


def debug_run(asked: Asked) -> bool:
    """Run the experiment as asked, and tell how it went; True when all bots succeeded."""
    if asked.leave and not asked.bots:
        raise BadRequest("--exit ends the run when the bots are through; say how many with --bots.")
    places, began = Places(Path.cwd()), time.monotonic()
    run_id = asked.run_id or new_run_id(asked.directory.name)
    wish = Wish(asked.directory, run_id, asked.engine, _settings(asked), asked.adopt)
    with opened_with_log(wish, places) as run:
        succeeded = _let_bots_in(run, asked, places) if asked.bots else _let_people_in(run, asked, places)
        finish(run, places, began)
    return succeeded


def _settings(asked: Asked) -> dict[str, Any]:
    seeded = {} if asked.seed is None else {"run_seed": asked.seed}
    return {**seeded, "recruiter": "bots"} if asked.bot else seeded


def _let_people_in(run: Run, asked: Asked, places: Places) -> bool:
    serve_people(run, Plan(run.id, listening(run, asked.port)), places, Links(asked.browser, asked.proxy))
    return True


def _let_bots_in(run: Run, asked: Asked, places: Places) -> bool:
    listener = listening(run, asked.port or 0)
    plan = Plan(run.id, listener, bots=_crowd(run, asked), leave=asked.leave)
    with Progress(asked.bots) as progress:
        return hold_plan(run, plan, places, ForBots(run, progress))


def _crowd(run: Run, asked: Asked) -> Bots:
    """Plan the bots: all at once where they wait for one another, in turn where a seed fixes the order."""
    usual = asked.bots if run.quorum() else 1 if asked.seed is not None else AT_ONCE
    at_once = asked.at_once or usual
    return Bots(chosen_bots(run.loaded), asked.bots, at_once, asked.seed, before=run.participants())
