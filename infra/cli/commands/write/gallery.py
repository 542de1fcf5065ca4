"""`petri gallery`."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.failures import FAILED
from infra.cli.options import BOT_SECONDS, RUN_SECONDS, Port


def gallery(
    port: Port = None,
    *,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open links in a browser.")] = True,
) -> None:
    """Show all kinds of items of studies on one page."""
    # Lazy imports, as in every command that serves a run: they import the whole platform.
    from infra.cli.commands.run.debug_run import DebugOptions, debug_run
    from infra.scaffold import create_gallery

    with tempfile.TemporaryDirectory(prefix="petri-gallery-") as folder, contextlib.chdir(folder):
        place = Path(folder) / "gallery"
        place.mkdir()
        options = DebugOptions(
            create_gallery(place),
            bots=0,
            at_once=0,
            bot=False,
            seed=None,
            leave=False,
            run_id="",
            engine="sqlite",
            port=port,
            proxy=None,
            browser=browser,
            bot_timeout=BOT_SECONDS,
            timeout=RUN_SECONDS,
        )
        if not debug_run(options):
            raise typer.Exit(FAILED)
