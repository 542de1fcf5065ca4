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
        help="The experiment's folder, or an export whose code is to be run again.",
        exists=True,
        resolve_path=True,
    ),
]


def debug(
    directory: Source = Path(),
    *,
    bots: Annotated[int, typer.Option("--bots", min=0, help="How many bots take part.")] = 0,
    at_once: Annotated[int, typer.Option("--at-once", min=0, help="How many of them at a time.")] = 0,
    bot: Annotated[bool, typer.Option("--bot", help="Bots come whenever the experiment recruits.")] = False,
    seed: Seed = None,
    leave: Annotated[bool, typer.Option("--exit", help="End when the bots are through.")] = False,
    run_id: NewId = "",
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="With --id: continue a run of another folder, as the same experiment."),
    ] = False,
    engine: Annotated[EngineName, typer.Option("--engine", help="Where records are kept.")] = "sqlite",
    port: Port = None,
    proxy: Annotated[
        int | None,
        typer.Option("--proxy", min=1, max=65535, help="The port that links are given with."),
    ] = None,
    bot_timeout: BotTimeout = BOT_SECONDS,
    timeout: Timeout = RUN_SECONDS,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open links.")] = True,
) -> None:
    """Run an experiment on this machine, for people or bots, and export its data in the end."""
    # Lazy import, as in every command that serves: the whole platform comes along.
    from .debug_run import DebugOptions, debug_run

    if directory.is_file():
        from infra.aws.account.local_registry import LocalRegistry
        from infra.cli.commands.deploy.deploy_app import unpacked

        directory = unpacked(directory, LocalRegistry())
    asked = DebugOptions(
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
    if not debug_run(asked):
        raise typer.Exit(FAILED)
