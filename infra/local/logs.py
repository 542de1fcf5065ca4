"""Where the log of a local run goes: all of it into a file, what needs somebody's eyes to the terminal."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from chalicelib.experiment.text_files import find_undecodable_file

from .hook_failures import TOLD

_PLATFORM = "petri"
_BOTS = "petri.bots"
_FORMAT = "%(levelname)s: %(message)s"

ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


@contextmanager
def shown(*, verbose: bool = False) -> Iterator[None]:
    """Show warnings on the terminal while the block lasts; when `verbose`, the whole log."""
    root = logging.getLogger()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_FORMAT) if verbose else _ShortFormatter(_FORMAT))
    if not verbose:
        handler.setLevel(logging.WARNING)
        # What went wrong with a bot is told with its progress.
        handler.addFilter(lambda record: not record.name.startswith(_BOTS))
        # So is what a hook raised, with its traceback.
        handler.addFilter(lambda record: not hasattr(record, TOLD))
    before = root.level
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


@contextmanager
def kept(path: Path) -> Iterator[None]:
    """Append the platform's structured log to a file, instead of mixing it into what the terminal shows."""
    # Lazy import: it brings Powertools along, which few commands need.
    from chalicelib.web.request_log import logger

    before = {handler: list(handler.filters) for handler in logging.getLogger().handlers}
    logger()
    for handler, filters in before.items():
        # Powertools keeps the platform's lines from everybody else; a terminal has its own sieve.
        handler.filters = filters
    platform = logging.getLogger(_PLATFORM)
    structured = list(platform.handlers)
    file = _File(path, encoding="utf-8")
    file.setFormatter(next(handler.formatter for handler in structured))
    platform.handlers = [file]
    try:
        yield
    finally:
        platform.handlers = structured
        file.close()


class _File(logging.FileHandler):
    """A log that a full disk doesn't turn into tracebacks: it says once that lines are missing."""

    _has_told = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        problem = sys.exc_info()[1]
        if not isinstance(problem, OSError):
            super().handleError(record)
        elif not self._has_told:
            self._has_told = True
            sys.stderr.write(f"The log {self.baseFilename} can't be written: {problem.strerror}.\n")


class _ShortFormatter(logging.Formatter):
    """One line for an error: what it is, and where it was raised."""

    def format(self, record: logging.LogRecord) -> str:
        route = getattr(record, "route", None)
        line = f"{record.levelname}: {f'{route} ' if route else ''}{record.getMessage()}"
        return f"{line}: {_shortened(record.exc_info)}" if record.exc_info else line


def _shortened(error: ErrorInfo | bool) -> str:
    if not isinstance(error, tuple) or error[0] is None:
        return ""
    frames = traceback.extract_tb(error[2])
    unreadable = find_undecodable_file(error[1], Path.cwd()) if error[1] is not None else None
    if unreadable is not None:
        return str(unreadable)
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"{error[0].__name__}: {error[1]}{place}"
