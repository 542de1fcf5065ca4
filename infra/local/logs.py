"""Configures the log of a local run: everything goes to a file, warnings also to the terminal."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from chalicelib.experiment.text_files import find_undecodable_file

from .hook_failures import REPORTED

_PLATFORM = "petri"
_BOTS = "petri.bots"
_FORMAT = "%(levelname)s: %(message)s"

ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


@contextmanager
def shown(*, verbose: bool = False) -> Iterator[None]:
    """Show warnings on the terminal inside the with block; with `verbose`, the whole log."""
    root = logging.getLogger()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_FORMAT) if verbose else _ShortFormatter(_FORMAT))
    if not verbose:
        handler.setLevel(logging.WARNING)
        # A bot's problems are shown with its progress.
        handler.addFilter(lambda record: not record.name.startswith(_BOTS))
        # A hook's error has already been shown, with its traceback.
        handler.addFilter(lambda record: not hasattr(record, REPORTED))
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
    """Append the platform's structured log to a file instead of writing it to the terminal."""
    # Lazy import: it imports Powertools, which few commands need.
    from chalicelib.web.request_log import logger

    before = {handler: list(handler.filters) for handler in logging.getLogger().handlers}
    logger()
    for handler, filters in before.items():
        # Powertools hides the platform's records from other handlers; the terminal filters by itself.
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
    """A log file that reports a full disk once, instead of with a traceback per record."""

    _has_reported = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        problem = sys.exc_info()[1]
        if not isinstance(problem, OSError):
            super().handleError(record)
        elif not self._has_reported:
            self._has_reported = True
            sys.stderr.write(f"The log {self.baseFilename} can't be written: {problem.strerror}.\n")


class _ShortFormatter(logging.Formatter):
    """Formats an error as one line: the error, and where it was raised."""

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
