"""Shows how many bots have finished: a bar at a terminal, plain lines in a pipe."""

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

#: Seconds between two updates of a run's status.
LOOK_AGAIN = 1.0


class BotProgress:
    """Counts the bots that have finished and shows their progress."""

    def __init__(self, total: int) -> None:
        """`total`: the number of bots."""
        self._console = err()
        self._total = total
        self._ended = 0
        status = TextColumn("{task.fields[status]}")
        columns = (TextColumn("participants"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), status)
        self._bar = Bar(*columns, console=self._console, disable=not self._console.is_terminal)
        self._task = self._bar.add_task("participants", total=total, status="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, status: RunStatus) -> None:
        """Show the run's status next to the bar."""
        self._bar.update(self._task, status=str(status))

    def advance(self, result: Participation) -> Participation:
        """Count a bot, print its problems, and return its result."""
        self._ended += 1
        self._bar.advance(self._task)
        if not self._console.is_terminal:
            self._console.print(f"participants {self._ended}/{self._total}")
        for problem in result.problems:
            self._console.print(f"bot {result.number}: {problem}", markup=False)
        return result


class SimulationProgress:
    """Counts the bots of a simulation that have finished: a bar at a terminal, every tenth part in a pipe."""

    def __init__(self, total: int) -> None:
        """`total`: the number of bots."""
        self._console = err()
        self._total = total
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

    def show(self, ended: int) -> None:
        """Show how many bots have finished."""
        self._bar.update(self._task, completed=ended)
        if not self._console.is_terminal and ended % max(1, self._total // 10) == 0:
            self._console.print(f"participants {ended}/{self._total}")


class LiveLine:
    """The status of a run for people, on the last line of the terminal; plain lines in a pipe."""

    def __init__(self) -> None:
        """Start without a line."""
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

    def show(self, status: RunStatus) -> None:
        """Show the run's status, if it has changed."""
        line = str(status)
        if line == self._shown:
            return
        self._shown = line
        if self._console.is_terminal:
            self._live.update(Text(line), refresh=True)
        else:
            self._console.print(line, markup=False)


def looking(run: Run, show: Callable[[RunStatus], None]) -> Callable[[], None]:
    """Return a function that shows the run's status, at most once a second."""
    last = -math.inf

    def look() -> None:
        nonlocal last
        if time.monotonic() - last >= LOOK_AGAIN:
            last = time.monotonic()
            show(run.app.run(read_run_status))

    return look
