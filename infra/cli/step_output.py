"""The steps of a command on AWS: told as they go."""

from __future__ import annotations

import time

from .output import err


class StepOutput:
    """Prints each step with its number, and what happens within it."""

    def __init__(self) -> None:
        self._console = err()
        self._began = time.monotonic()

    def begin(self, number: int, total: int, name: str) -> None:
        """Say which step begins, and how long it took up to here."""
        seconds = time.monotonic() - self._began
        self._console.print(f"[{number}/{total}] {name} ({seconds:.0f} s)", markup=False)

    def tell(self, line: str) -> None:
        """Say what happens within a step."""
        self._console.print(f"      {line}", markup=False)
