"""Prints the steps of an AWS command as they run."""

from __future__ import annotations

import time

from .output import err


class StepOutput:
    """Prints each step with its number, and details within it."""

    def __init__(self) -> None:
        self._console = err()
        self._began = time.monotonic()

    def begin(self, number: int, total: int, name: str) -> None:
        """Print the step that starts, and the seconds elapsed so far."""
        seconds = time.monotonic() - self._began
        self._console.print(f"[{number}/{total}] {name} ({seconds:.0f} s)", markup=False)

    def tell(self, line: str) -> None:
        """Print a detail of the current step."""
        self._console.print(f"      {line}", markup=False)
