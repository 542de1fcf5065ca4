"""The platform's log during a trial: kept off the terminal, measured, and searched for what went wrong."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PLATFORM = "petri"
_BOTS = "petri.bots"


class CapturedLog(logging.Handler):
    """Measures the lines that Lambda would write, and keeps what raised them."""

    def __init__(self, folder: Path, faults: list[str], formatter: logging.Formatter | None) -> None:
        """`folder`: the experiment's, to name places in its code; `formatter`: how lines are written."""
        super().__init__()
        self.setFormatter(formatter)
        self._folder = folder
        self.bytes = 0
        #: What raised, each once, in the order of its first time.
        self.faults = faults

    def emit(self, record: logging.LogRecord) -> None:
        """Take one line."""
        if record.name.startswith(_BOTS):
            return
        self.bytes += len(self.format(record).encode()) + 1
        if record.exc_info and record.exc_info[1] is not None:
            fault = self._told(record, record.exc_info[1])
            if fault not in self.faults:
                self.faults.append(fault)

    def _told(self, record: logging.LogRecord, error: BaseException) -> str:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if Path(frame.filename).is_relative_to(self._folder)]
        route = getattr(record, "route", "")
        place = f"{Path(own[-1].filename).relative_to(self._folder)}, line {own[-1].lineno}: " if own else ""
        behind = f" (in {route})" if route else ""
        return f"{place}{type(error).__name__}: {error}{behind}"


@contextmanager
def captured_log(folder: Path, faults: list[str]) -> Iterator[CapturedLog]:
    """Listen to the platform's log while the block lasts; what was raised goes to `faults`."""
    # Lazy import: it brings Powertools along.
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
