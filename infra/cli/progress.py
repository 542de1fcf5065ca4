"""How many bots are through: a bar at a terminal, plain lines in a pipe."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text

from infra.local.lifecycle.crowd import Participation
from infra.reports.run_status import RunStatus, read_run_status

from .output import err

if TYPE_CHECKING:
    from infra.local.lifecycle.run import Run

#: Seconds between two looks how a run stands.
LOOK_AGAIN = 1.0


class BotProgress:
    """Told about each bot that ends; shows how many of all have."""

    def __init__(self, total: int) -> None:
        """`total`: how many bots there are."""
        self._console = err()
        self._total = total
        self._ended = 0
        told = TextColumn("{task.fields[told]}")
        columns = (TextColumn("participants"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), told)
        self._bar = Bar(*columns, console=self._console, disable=not self._console.is_terminal)
        self._task = self._bar.add_task("participants", total=total, told="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, standing: RunStatus) -> None:
        """Show beside the bar how the run stands."""
        self._bar.update(self._task, told=str(standing))

    def advance(self, fared: Participation) -> Participation:
        """Count one bot, say what went wrong with it, and give it back."""
        self._ended += 1
        self._bar.advance(self._task)
        if not self._console.is_terminal:
            self._console.print(f"participants {self._ended}/{self._total}")
        for problem in fared.problems:
            self._console.print(f"bot {fared.number}: {problem}", markup=False)
        return fared


class LiveLine:
    """How a run for people stands, on one line that is always the last; plain lines where no terminal is."""

    def __init__(self) -> None:
        """Begin without a line."""
        self._console = err()
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._shown = ""

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, standing: RunStatus) -> None:
        """Show how the run stands, if that has changed."""
        told = str(standing)
        if told == self._shown:
            return
        self._shown = told
        if self._console.is_terminal:
            self._live.update(Text(told), refresh=True)
        else:
            self._console.print(told, markup=False)


def looking(run: Run, show: Callable[[RunStatus], None]) -> Callable[[], None]:
    """Return what shows how a run stands, once a second at the most."""
    last = -math.inf

    def look() -> None:
        nonlocal last
        if time.monotonic() - last >= LOOK_AGAIN:
            last = time.monotonic()
            show(run.app.run(read_run_status))

    return look
