"""Captures the platform's log during a simulation, to measure its size and to collect errors."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chalicelib.study.pages.library import PageError

_PLATFORM = "petri"
_BOTS = "petri.bots"


class CapturedLog(logging.Handler):
    """Measures the log entries that Lambda would write, and collects their errors."""

    def __init__(self, folder: Path, faults: list[str], formatter: logging.Formatter | None) -> None:
        """`folder`: the experiment's, to locate errors in its code; `formatter`: the format of entries."""
        super().__init__()
        self.setFormatter(formatter)
        self._folder = folder
        self.bytes = 0
        #: Distinct errors, in order of first occurrence.
        self.faults = faults

    def emit(self, record: logging.LogRecord) -> None:
        """Process one log record."""
        if record.name.startswith(_BOTS):
            return
        self.bytes += len(self.format(record).encode()) + 1
        if record.exc_info and record.exc_info[1] is not None:
            fault = self._describe(record, record.exc_info[1])
            if fault not in self.faults:
                self.faults.append(fault)

    def _describe(self, record: logging.LogRecord, error: BaseException) -> str:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if Path(frame.filename).is_relative_to(self._folder)]
        route = getattr(record, "route", "")
        place = f"{Path(own[-1].filename).relative_to(self._folder)}, line {own[-1].lineno}: " if own else ""
        behind = f" (in {route})" if route else ""
        # An error in a page of a study names its file and line itself.
        kind = "" if isinstance(error, PageError) else f"{type(error).__name__}: "
        return f"{place}{kind}{error}{behind}"


@contextmanager
def captured_log(folder: Path, faults: list[str]) -> Iterator[CapturedLog]:
    """Capture the platform's log inside the with block; errors are appended to `faults`."""
    # Lazy import: it imports Powertools.
    from chalicelib.web.request_log import logger

    logger()
    platform = logging.getLogger(_PLATFORM)
    handlers, propagates = list(platform.handlers), platform.propagate
    log = CapturedLog(
        folder, faults, next((handler.formatter for handler in handlers if handler.formatter), None)
    )
    platform.handlers, platform.propagate = [log], False
    try:
        yield log
    finally:
        platform.handlers, platform.propagate = handlers, propagates
