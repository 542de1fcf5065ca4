"""Starts and stops the local host in its own process, on a new file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra.local.lifecycle.run_paths import RunPaths

from .server import RUN_ID

ROOT = Path(__file__).parents[2]
#: Seconds that a server may take to drain its outbox when it is stopped.
STOPPING = 120


@dataclass
class Serving:
    """A running server; `usage` is set when it has stopped."""

    host: str
    port: int
    database: Path
    operator_token: str = field(default="", repr=False)
    usage: dict[str, Any] = field(default_factory=dict)


@contextmanager
def served(
    folder: Path, settings: Mapping[str, Any], *, root: Path, profile: Path | None = None
) -> Iterator[Serving]:
    """Serve an experiment's folder inside the with block; afterwards its usage is known."""
    wish = {
        "folder": str(folder),
        "settings": dict(settings),
        "root": str(root),
        "profile": str(profile) if profile else None,
    }
    process = subprocess.Popen(  # noqa: S603 - this interpreter, and words of this module
        [sys.executable, "-m", "bench.clients.server", json.dumps(wish)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        started = _line(process)
        address = urlsplit(started["url"])
        database = RunPaths(root).database(RUN_ID)
        serving = Serving(address.hostname or "", address.port or 0, database, started["token"])
        yield serving
        process.send_signal(signal.SIGTERM)
        serving.usage = _line(process)
        process.wait(timeout=STOPPING)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _line(process: subprocess.Popen[str]) -> dict[str, Any]:
    line = process.stdout.readline() if process.stdout else ""
    if not line.startswith("{"):
        raise SystemExit(f"The measured server stopped early: {line.strip() or 'see what it wrote above'}.")
    said: dict[str, Any] = json.loads(line)
    return said


@contextmanager
def fresh_folder(on: Path) -> Iterator[Path]:
    """Yield a new folder on a real disk; /tmp may be in memory."""
    on.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=on) as folder:
        yield Path(folder)
