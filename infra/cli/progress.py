"""How many bots are through: a bar at a terminal, plain lines in a pipe."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from infra.cli.console import err
from infra.local.crowd import Participation


class Progress:
    """Told about each bot that ends; shows how many of all have."""

    def __init__(self, total: int) -> None:
        """`total`: how many bots there are."""
        self._console = err()
        self._total = total
        self._ended = 0
        columns = (TextColumn("participants"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Bar(*columns, console=self._console, disable=not self._console.is_terminal)
        self._task = self._bar.add_task("participants", total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def advance(self, fared: Participation) -> Participation:
        """Count one bot, say what went wrong with it, and give it back."""
        self._ended += 1
        self._bar.advance(self._task)
        if not self._console.is_terminal:
            self._console.print(f"participants {self._ended}/{self._total}")
        for problem in fared.problems:
            self._console.print(f"bot {fared.number}: {problem}", markup=False)
        return fared
