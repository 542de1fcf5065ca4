"""How a command works on a run: through the same operations as the platform, over the run's own store."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from chalicelib.errors import PetriError
from chalicelib.log_redaction import FOR_OPERATOR
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.services import App
from chalicelib.workers import queue_consumer


@dataclass(frozen=True)
class DrainResult:
    """What became of what an operation left to do."""

    done: int
    failed: int
    #: Whether a host serves the run and sees to it.
    by_host: bool
    #: What recruiters said.
    said: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        if self.by_host:
            return "The run is being served: its host carries this out within seconds."
        if not self.failed:
            return f"Nobody serves this run, so it was carried out here: {_count(self.done)}."
        return (
            f"Nobody serves this run, so it was carried out here: {_count(self.done)}. {self.failed} more "
            "failed; they are kept, and tried again when the run is served."
        )


@dataclass(frozen=True)
class RunSession:
    """A run that a command works on."""

    run_id: str
    app: App
    #: Where the run is served; None when nobody serves it.
    address: str | None
    #: The address that links are given with: where it is served, was served last, or would be.
    base: str = ""
    #: What the run is made of; None when it was opened without its code.
    folder: Path | None = None

    @property
    def how_to_serve(self) -> str:
        """The command after which links work that were given while nobody served the run."""
        port = urlsplit(self.base).port
        folder = shlex.quote(str(self.folder or "DIR"))
        return f"petri debug {folder} --id {self.run_id}{'' if port is None else f' --port {port}'}"

    def carry_out(self) -> DrainResult:
        """See to what was left to do: leave it to the host, or do it here."""
        if self.address is not None:
            return DrainResult(0, 0, by_host=True)
        queue = self.app.queue
        if not isinstance(queue, LocalQueue):
            raise PetriError("A local run needs the local queue; build its app with bootstrap.local().")
        done = failed = 0
        with _captured_log() as said:
            while (message := queue.take()) is not None:
                if queue_consumer.consume(LocalQueue.as_event(message))["batchItemFailures"]:
                    failed += 1
                else:
                    done += 1
        return DrainResult(done, failed, by_host=False, said=said)


class _LogCapture(logging.Handler):
    """Keeps what workers log about their doings."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.INFO)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno == logging.INFO:
            self._said.append(str(getattr(record, FOR_OPERATOR, record.getMessage())))


@contextmanager
def _captured_log() -> Iterator[list[str]]:
    """Give what recruiters answer while the block lasts; they say it in the workers' log."""
    said: list[str] = []
    worker, ear = logging.getLogger("petri.worker"), _LogCapture(said)
    before = worker.level
    worker.setLevel(logging.INFO)
    worker.addHandler(ear)
    try:
        yield said
    finally:
        worker.removeHandler(ear)
        worker.setLevel(before)


def _count(messages_done: int) -> str:
    return f"{messages_done} message{'' if messages_done == 1 else 's'}"
