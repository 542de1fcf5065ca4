"""The process under test: a local run, as with `petri debug`, that reports its resource usage at the end.

`python -m bench.clients.server '<json>'` prints its address when it is ready and its usage when it has
stopped.
"""

from __future__ import annotations

import asyncio
import cProfile
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figures.usage import cpu_seconds, peak_bytes
from infra.local.lifecycle.run import Run, RunOptions, opened
from infra.local.lifecycle.run_lifecycle import SessionSpec, run_session
from infra.local.lifecycle.run_paths import RunPaths
from infra.local.logs import kept
from infra.local.uvicorn_server import listen

RUN_ID = "bench"


@dataclass
class _Usage:
    """The process's resource usage when it started serving."""

    cpu: float = 0.0
    profiler: cProfile.Profile | None = None
    operator_token: str = ""
    told: dict[str, Any] = field(default_factory=dict)

    def started(self, url: str, launched: str) -> None:
        del launched
        self.cpu = cpu_seconds()
        if self.profiler is not None:
            self.profiler.enable()
        print(json.dumps({"url": url, "token": self.operator_token}), flush=True)

    def ended(self, fared: Any) -> None:
        """Do nothing: benchmarks have no bots."""


def serve(run: Run, places: RunPaths, profile: Path | None) -> dict[str, Any]:
    """Serve until SIGTERM; return the usage since the launch, including remaining messages."""
    usage = _Usage(profiler=cProfile.Profile() if profile else None, operator_token=run.operator_token)
    plan = SessionSpec(run.id, listen("127.0.0.1", 0))
    asyncio.run(run_session(run.host, run.drain, run.operator_token, plan, places, usage))
    cpu = cpu_seconds() - usage.cpu
    if usage.profiler is not None and profile is not None:
        usage.profiler.disable()
        usage.profiler.dump_stats(profile)
    return {"cpu": cpu, "peak_bytes": peak_bytes(), "conflicts": run.app.conflicts}


def main() -> None:
    wish = json.loads(sys.argv[1])
    places = RunPaths(Path(wish["root"]))
    profile = Path(wish["profile"]) if wish["profile"] else None
    with (
        kept(places.log(RUN_ID)),
        opened(RunOptions(Path(wish["folder"]), RUN_ID, settings=wish["settings"]), places) as run,
    ):
        told = serve(run, places, profile)
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
