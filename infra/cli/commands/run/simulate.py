"""`petri simulate`."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.failures import FAILED
from infra.cli.options import Directory
from infra.cli.output import err, out
from infra.cli.progress import SimulationProgress

#: How many problems of bots are printed.
MAX_PROBLEMS = 5


def simulate(
    directory: Directory = Path(),
    *,
    participants: Annotated[int, typer.Option("--participants", "-n", help="Number of bots.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Random seed; the same seed gives the same data.")] = 1,
    target: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the data; defaults to data/<name>-simulated."),
    ] = None,
    bot: Annotated[str, typer.Option("--bot", help="Bot class; defaults to Bot.")] = "",
) -> None:
    """Let bots take part in simulated time, and write their data as an export's folder."""
    # Lazy import: it imports the whole platform.
    from infra.simulated_data.dataset import SimulationSpec, simulate

    began = time.monotonic()
    folder = target or Path.cwd() / "data" / f"{directory.name}-simulated"
    spec = SimulationSpec(directory, participants, folder.resolve(), seed, bot)
    with SimulationProgress(participants) as progress:
        result = simulate(spec, progress.show)
    console = out()
    console.print(
        f"{result.participants} participants in {timedelta(seconds=round(result.seconds))} of simulated time "
        f"({time.monotonic() - began:.1f} s)."
    )
    if result.participants < participants and not result.gave_up:
        console.print(
            f"The experiment recruited {result.participants} of {participants}: it asks for no more, for "
            "example because its networks are full."
        )
    console.print(f"Data: {result.folder}", markup=False)
    if not result.failed:
        return
    for problem in result.problems[:MAX_PROBLEMS]:
        err().print(f"ERROR: {problem}", markup=False)
    left = "; no more bots were started, because so many in a row failed" if result.gave_up else ""
    err().print(f"{result.failed} of {result.participants} bots failed{left}.", markup=False)
    raise typer.Exit(FAILED)
