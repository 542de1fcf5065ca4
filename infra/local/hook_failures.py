"""Collects the errors of the author's code during a run, each reported once with its traceback."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chalicelib.study.pages.library import PageError

_PLATFORM = "petri"
_BOTS = "petri.bots"
#: Set on log records whose failure has been reported; the terminal leaves them out.
REPORTED = "hook_failure_told"


@dataclass(frozen=True)
class HookFailure:
    """One failure of a hook: its place in the author's code, the error, and the traceback from there on."""

    #: relative to the experiment's folder
    file: str
    line: int
    #: empty for an error in a page of a study
    function: str
    error: str
    traceback: str

    def __str__(self) -> str:
        where = f", in {self.function}" if self.function else ""
        return f"{self.file}, line {self.line}{where}: {self.error}"

    @classmethod
    def of(cls, error: BaseException, folder: Path) -> HookFailure | None:
        """Build a failure from an error; None when it is neither from the author's code nor from a page.

        Petri's own error that passes on what the author's code raised counts as the latter.
        """
        if isinstance(error, PageError):
            said = f"{error.what} {error.fix}".rstrip()
            return cls(error.file, error.line, "", said, f"{error.file}, line {error.line}: {said}")
        frames = traceback.extract_tb(error.__traceback__)
        own = [number for number, frame in enumerate(frames) if _is_within(frame.filename, folder)]
        if not own:
            return None if error.__cause__ is None else cls.of(error.__cause__, folder)
        last = frames[own[-1]]
        shown = "".join(traceback.format_list(frames[own[0] :]))
        text = "".join(traceback.format_exception_only(error))
        return cls(
            file=str(Path(last.filename).relative_to(folder)),
            line=last.lineno or 0,
            function=last.name,
            error=text.strip().splitlines()[-1],
            traceback=f"Traceback (most recent call last):\n{shown}{text}".rstrip(),
        )


class HookFailures(logging.Handler):
    """A log handler that collects failures of hooks from the platform's log."""

    def __init__(self, folder: Path, tell: Callable[[HookFailure], None]) -> None:
        """`folder`: the experiment's; `tell` is called once per failure, in the thread that raised it."""
        super().__init__(logging.WARNING)
        self._folder = folder.resolve()
        self._tell = tell
        self._guard = threading.Lock()
        self._listeners: list[Callable[[], object]] = []
        #: Each failure once, in the order of their first time.
        self.failures: list[HookFailure] = []

    def listen(self, listener: Callable[[], object]) -> None:
        """Call a function on each new failure, and at once if there has been one."""
        self._listeners.append(listener)
        if self.failures:
            listener()

    def forget(self) -> None:
        """Forget the failures so far, because the experiment's code has changed."""
        with self._guard:
            self.failures.clear()

    def emit(self, record: logging.LogRecord) -> None:
        """Process a log record; a failure that is already known is only marked."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not record.name.startswith(_BOTS) and self.take(error):
            setattr(record, REPORTED, True)

    def take(self, error: BaseException) -> bool:
        """Record an error, and report it unless it is known; False when it isn't from the author's code."""
        failure = HookFailure.of(error, self._folder)
        if failure is None:
            return False
        with self._guard:
            if any(str(failure) == str(one) for one in self.failures):
                return True
            self.failures.append(failure)
        self._tell(failure)
        for listener in self._listeners:
            listener()
        return True


@contextmanager
def hook_failures(folder: Path, tell: Callable[[HookFailure], None]) -> Iterator[HookFailures]:
    """Collect failures of the hooks in `folder` inside the with block."""
    handler = HookFailures(folder, tell)
    platform = logging.getLogger(_PLATFORM)
    # First, because it marks records that the terminal then leaves out.
    platform.handlers.insert(0, handler)
    try:
        yield handler
    finally:
        platform.removeHandler(handler)


def _is_within(filename: str, folder: Path) -> bool:
    path = Path(filename)
    return path.is_relative_to(folder) and ".venv" not in path.relative_to(folder).parts
