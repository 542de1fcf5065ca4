"""Keeps how long pages took, and says it in a line."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Timings:
    """Milliseconds from sending a page's answers to having the next page, of all players."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._began = time.perf_counter()
        self.pages: list[float] = []

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure one page."""
        began = time.perf_counter()
        yield
        with self._guard:
            self.pages.append((time.perf_counter() - began) * 1000)

    def line(self, name: str) -> str:
        """Return the row of the table."""
        seconds = time.perf_counter() - self._began
        cuts = statistics.quantiles(self.pages, n=100)
        return (
            f"| {name} | {len(self.pages):,} | {len(self.pages) / seconds:.1f} | {cuts[49]:.1f} | "
            f"{cuts[94]:.1f} | {cuts[98]:.1f} |"
        )
