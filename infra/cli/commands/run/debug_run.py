"""What `petri debug` does."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chalicelib.errors import BadRequest
from infra.cli.live_status import BotsWatcher, Links, tell_failure
from infra.cli.options import EngineName
from infra.cli.output import err
from infra.cli.progress import BotProgress, looking
from infra.cli.served_run import finish, hold_plan, listening, opened_with_log, serve_people
from infra.local.hook_failures import HookFailures, hook_failures
from infra.local.lifecycle.bot_selection import chosen_bots
from infra.local.lifecycle.run import Run, RunOptions
from infra.local.lifecycle.run_lifecycle import BotSpec, SessionSpec
from infra.local.lifecycle.run_paths import RunPaths, new_run_id

#: Bots that take part at the same moment when neither a seed nor a waiting room says otherwise.
AT_ONCE = 8


@dataclass(frozen=True)
class DebugOptions:
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
    bot_timeout: float
    timeout: float
    adopt: bool = False


def debug_run(asked: DebugOptions) -> bool:
    """Run the experiment as asked, and tell how it went; True when all bots succeeded."""
    if asked.leave and not asked.bots:
        raise BadRequest("--exit ends the run when the bots are through; say how many with --bots.")
    if asked.adopt and not asked.run_id:
        raise BadRequest("--adopt continues a run that exists; say which with --id.")
    places, began = RunPaths(Path.cwd()), time.monotonic()
    run_id = asked.run_id or new_run_id(asked.directory.name)
    wish = RunOptions(asked.directory, run_id, asked.engine, _settings(asked), asked.adopt)
    with opened_with_log(wish, places) as run, hook_failures(run.loaded.folder, tell_failure) as failures:
        if run.start_page is not None:
            run.start_page.failures = failures
        if not asked.bots:
            _let_people_in(run, asked, places)
            finish(run, places, began)
            return True
        succeeded = _let_bots_in(run, asked, places, failures)
        finish(run, places, began, analyse=not failures.failures)
    if failures.failures:
        err().print(
            "The run was ended, because the experiment's own code failed (see above). Correct it there "
            "and run the command again; `petri verify` finds such failures without a run."
        )
    return succeeded


def _settings(asked: DebugOptions) -> dict[str, Any]:
    seeded = {} if asked.seed is None else {"run_seed": asked.seed}
    return {**seeded, "recruiter": "bots"} if asked.bot else seeded


def _let_people_in(run: Run, asked: DebugOptions, places: RunPaths) -> bool:
    serve_people(
        run, SessionSpec(run.id, listening(run, asked.port)), places, Links(asked.browser, asked.proxy)
    )
    return True


def _let_bots_in(run: Run, asked: DebugOptions, places: RunPaths, failures: HookFailures) -> bool:
    bots = _crowd(run, asked)
    _warn_of_too_few(run, bots)
    plan = SessionSpec(
        run.id, listening(run, asked.port or 0), bots=bots, leave=asked.leave, failures=failures
    )
    with BotProgress(asked.bots) as progress:
        plan = replace(plan, look=looking(run, progress.show))
        return hold_plan(run, plan, places, BotsWatcher(run, progress))


def _crowd(run: Run, asked: DebugOptions) -> BotSpec:
    """Plan the bots: all at once where they wait for one another, in turn where a seed fixes the order."""
    usual = asked.bots if run.quorum() else 1 if asked.seed is not None else AT_ONCE
    at_once = asked.at_once or usual
    return BotSpec(
        chosen_bots(run.loaded),
        asked.bots,
        at_once,
        asked.seed,
        before=run.participants(),
        bot_timeout=asked.bot_timeout or None,
        timeout=asked.timeout or None,
    )


def _warn_of_too_few(run: Run, bots: BotSpec) -> None:
    """Say at once that a waiting room will not fill, which otherwise shows when the bots' time is over."""
    size, at_once = run.quorum(), min(bots.at_once, bots.count)
    if size > at_once:
        err().print(
            f"warning: the waiting room opens for {size} participants, and at most {at_once} bots wait in it "
            f"at a time. Give --bots {size} or more, without a smaller --at-once."
        )
