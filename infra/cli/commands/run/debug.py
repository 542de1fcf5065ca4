"""`petri debug`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.failures import FAILED
from infra.cli.options import (
    BOT_SECONDS,
    RUN_SECONDS,
    BotTimeout,
    EngineName,
    NewId,
    Port,
    Seed,
    Timeout,
)

Source = Annotated[
    Path,
    typer.Argument(
        metavar="DIRECTORY",
        help="Experiment folder, or an export whose code to run again.",
        exists=True,
        resolve_path=True,
    ),
]


def debug(
    directory: Source = Path(),
    *,
    bots: Annotated[int, typer.Option("--bots", min=0, help="Number of bots that take part.")] = 0,
    at_once: Annotated[
        int, typer.Option("--at-once", min=0, help="Number of concurrent bots; 0 chooses it automatically.")
    ] = 0,
    bot: Annotated[
        bool, typer.Option("--bot", help="Start a bot for each participant that the experiment recruits.")
    ] = False,
    seed: Seed = None,
    leave: Annotated[bool, typer.Option("--exit", help="Exit when all bots have finished.")] = False,
    run_id: NewId = "",
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="With --id: continue a run that was started from another folder."),
    ] = False,
    engine: Annotated[EngineName, typer.Option("--engine", help="Storage engine for records.")] = "sqlite",
    port: Port = None,
    proxy: Annotated[
        int | None,
        typer.Option(
            "--proxy", min=1, max=65535, help="Port to use in links, when a proxy forwards to this run."
        ),
    ] = None,
    bot_timeout: BotTimeout = BOT_SECONDS,
    timeout: Timeout = RUN_SECONDS,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open links in a browser.")] = True,
) -> None:
    """Run an experiment on this machine, for people or bots, and export its data at the end."""
    # Lazy import, as in every command that serves a run: it imports the whole platform.
    from .debug_run import DebugOptions, debug_run

    if directory.is_file():
        from infra.aws.account.local_registry import LocalRegistry
        from infra.cli.commands.deploy.deploy_app import unpacked

        directory = unpacked(directory, LocalRegistry())
    options = DebugOptions(
        directory,
        bots,
        at_once,
        bot,
        seed,
        leave,
        run_id,
        engine,
        port,
        proxy,
        browser,
        bot_timeout,
        timeout,
        adopt,
    )
    if not debug_run(options):
        raise typer.Exit(FAILED)
