"""Serves a demo for people with `petri debug`, and returns its address."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.demos.conftest import ROOT, WITHIN_SECONDS


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """The environment of a petri command with its own home folder."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder), **settings}


@contextmanager
def serving(demo: str, folder: Path, **settings: str) -> Iterator[str]:
    """Serve a demo in a folder and yield its address; it ends, and exports, after the block."""
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "infra.cli",
            "debug",
            str(ROOT / "demos" / demo),
            "--no-browser",
            "--port",
            "0",
        ],
        cwd=folder,
        env=environment(folder, PYTHONUNBUFFERED="1", COLUMNS="500", **settings),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        found = (re.search(r"http://127\.0\.0\.1:\d+", line) for line in server.stdout)
        yield next(filter(None, found))[0]
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=WITHIN_SECONDS)
