"""Implements `petri debug`."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chalicelib.errors import BadRequest
from chalicelib.study.study import Study
from infra.cli.live_status import BotsWatcher, Links, tell_failure
from infra.cli.options import EngineName
from infra.cli.output import err, out
from infra.cli.progress import BotProgress, looking
from infra.cli.served_run import finish, hold_plan, listening, opened_with_log, serve_people
from infra.local.debugging.bar_routes import debug_routes
from infra.local.debugging.page_tools import DebugPages
from infra.local.debugging.reloading import Reloader
from infra.local.hook_failures import HookFailures, hook_failures
from infra.local.lifecycle.bot_selection import chosen_bots
from infra.local.lifecycle.run import Run, RunOptions
from infra.local.lifecycle.run_lifecycle import BotSpec, SessionSpec
from infra.local.lifecycle.run_paths import RunPaths, new_run_id

#: Default number of concurrent bots, without a seed or a waiting room.
AT_ONCE = 8


@dataclass(frozen=True)
class DebugOptions:
    """The options of `petri debug` as they were given."""

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


def debug_run(options: DebugOptions) -> bool:
    """Run the experiment and report the result; True when all bots succeeded."""
    if options.leave and not options.bots:
        raise BadRequest("--exit ends the run when all bots have finished; set their number with --bots.")
    if options.adopt and not options.run_id:
        raise BadRequest("--adopt continues an existing run; select it with --id.")
    paths, began = RunPaths(Path.cwd()), time.monotonic()
    run_id = options.run_id or new_run_id(options.directory.name)
    run_options = RunOptions(options.directory, run_id, options.engine, _settings(options), options.adopt)
    with (
        opened_with_log(run_options, paths, options.port) as run,
        hook_failures(run.loaded.folder, tell_failure) as failures,
    ):
        if run.start_page is not None:
            run.start_page.failures = failures
        if not options.bots:
            _let_people_in(run, run_options, options, paths, failures)
            finish(run, paths, began)
            return True
        succeeded = _let_bots_in(run, options, paths, failures)
        finish(run, paths, began, analyse=not failures.failures)
    if failures.failures:
        err().print(
            "The run ended because the experiment's code failed (see above). Fix it and run the command "
            "again; `petri verify` finds such errors without a run."
        )
    return succeeded


def _settings(options: DebugOptions) -> dict[str, Any]:
    seeded = {} if options.seed is None else {"run_seed": options.seed}
    return {**seeded, "recruiter": "bots"} if options.bot else seeded


def _let_people_in(
    run: Run, run_options: RunOptions, options: DebugOptions, paths: RunPaths, failures: HookFailures
) -> None:
    reloader = Reloader(run, run_options, paths, failures, lambda line: out().print(line, markup=False))
    run.host.tools = DebugPages(reloader)
    plan = SessionSpec(run.id, listening(run, options.port))
    with debug_routes(run):
        serve_people(run, plan, paths, Links(options.browser, options.proxy), reloader.look)


def _let_bots_in(run: Run, options: DebugOptions, paths: RunPaths, failures: HookFailures) -> bool:
    bots = _crowd(run, options)
    missing = _warn_of_too_few(run, bots)
    plan = SessionSpec(
        run.id, listening(run, options.port or 0), bots=bots, leave=options.leave, failures=failures
    )
    with BotProgress(options.bots) as progress:
        plan = replace(plan, look=looking(run, progress.show))
        return hold_plan(run, plan, paths, BotsWatcher(run, progress, missing))


def _crowd(run: Run, options: DebugOptions) -> BotSpec:
    """Plan the bots: all concurrent with a waiting room, one at a time with a seed."""
    default = options.bots if run.quorum() else 1 if options.seed is not None else AT_ONCE
    at_once = options.at_once or default
    return BotSpec(
        chosen_bots(run.loaded),
        options.bots,
        at_once,
        options.seed,
        before=run.participants(),
        bot_timeout=options.bot_timeout or None,
        timeout=options.timeout or None,
    )


def _warn_of_too_few(run: Run, bots: BotSpec) -> int:
    """Warn at the start that a room or a group can't fill; return how many participants are missing."""
    size, at_once = run.quorum(), min(bots.at_once, bots.count)
    if size <= at_once:
        return 0
    is_study = issubclass(run.app.experiment_class, Study)
    what = "a group of the study needs" if is_study else "the waiting room opens for"
    err().print(
        f"warning: {what} {size} participants, but at most {at_once} bots run "
        f"concurrently. Use --bots {size} or more, without a smaller --at-once."
    )
    return size - at_once
