"""Runs a demo with bots, from the ad to the export, as its README describes."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
WITHIN_SECONDS = 120


@dataclass(frozen=True)
class Run:
    """The output and the files of a run."""

    printed: str
    folder: Path

    @cached_property
    def tables(self) -> dict[str, list[dict[str, str]]]:
        (archive,) = self.folder.rglob("*-data.zip")
        with zipfile.ZipFile(archive) as exported:
            return {
                Path(name).stem: list(csv.DictReader(io.StringIO(exported.read(name).decode())))
                for name in exported.namelist()
                if name.startswith("data/") and name.endswith(".csv")
            }

    def rows(self, table: str, **fields: str) -> list[dict[str, str]]:
        """Return a table's rows that hold these values."""
        return [
            row for row in self.tables[table] if all(row[name] == value for name, value in fields.items())
        ]

    @property
    def report(self) -> str:
        (report,) = self.folder.rglob("*-report.html")
        return report.read_text(encoding="utf-8")

    @property
    def statuses(self) -> list[str]:
        return [participant["status"] for participant in self.tables["participant"]]


RunDemo = Callable[..., Run]


@pytest.fixture(scope="session")
def run_demo(tmp_path_factory: pytest.TempPathFactory) -> RunDemo:
    """Return a function that runs a demo with so many bots, and caches the result."""
    done: dict[Any, Run] = {}

    def run(demo: str, bots: int, *, seed: int = 1932, again: int = 0, **settings: str) -> Run:
        key = (demo, bots, seed, again, tuple(sorted(settings.items())))
        if key not in done:
            folder = tmp_path_factory.mktemp(demo)
            done[key] = Run(_debug(demo, bots, seed, folder, settings), folder)
        return done[key]

    return run


def _debug(demo: str, bots: int, seed: int, folder: Path, settings: dict[str, str]) -> str:
    words = ["debug", str(ROOT / "demos" / demo), "--bots", str(bots), "--seed", str(seed)]
    ended = subprocess.run(
        [sys.executable, "-m", "infra.cli", *words, "--exit", "--no-browser", "--port", "0"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder), **settings},
        capture_output=True,
        text=True,
        timeout=WITHIN_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
