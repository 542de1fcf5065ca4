"""Describes the machine of the results."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

#: A load average per core above this means that other programs are running.
QUIET = 0.5
COMMITS = 100


@dataclass(frozen=True)
class Machine:
    """Properties of the machine that rates depend on."""

    date: str
    cores: int
    processor: str
    system: str
    python: str
    sqlite: str
    load: float
    #: the median time of a small commit with a sync to disk, in milliseconds
    sync_ms: float

    @property
    def is_busy(self) -> bool:
        return self.load > QUIET * self.cores


def this_machine(folder: Path) -> Machine:
    """Describe this machine, and time a few commits on the disk of a folder."""
    return Machine(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        cores=os.cpu_count() or 1,
        processor=_processor(),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        load=os.getloadavg()[0],
        sync_ms=_sync_ms(folder),
    )


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _sync_ms(folder: Path) -> float:
    with closing(sqlite3.connect(folder / "sync.sqlite", isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("PRAGMA synchronous=FULL")
        file.execute("CREATE TABLE line (text)")
        taken = []
        for _ in range(COMMITS):
            began = time.perf_counter()
            file.execute("INSERT INTO line VALUES (?)", ("word " * 200,))
            taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000
