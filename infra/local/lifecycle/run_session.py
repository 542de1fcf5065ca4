"""Opens a run for a command, which acts through the platform's operations on the run's store."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from chalicelib.errors import PetriError
from chalicelib.log_redaction import FOR_OPERATOR
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.services import App
from chalicelib.workers import queue_consumer


@dataclass(frozen=True)
class DrainResult:
    """The result of the messages that a command left in the outbox."""

    done: int
    failed: int
    #: Whether the host that serves the run processes them.
    by_host: bool
    #: What recruiters reported.
    output: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        if self.by_host:
            return "The run is being served; its server processes this within seconds."
        processed = f"The run isn't being served. This command processed {_count(self.done)}."
        if not self.failed:
            return processed
        return f"{processed} {_count(self.failed)} failed and will be retried when the run is served."


class LabKeyStore(Protocol):
    """Where the keys of a lab are, the newest first: each with its thumbprint and its private part."""

    def read(self) -> Sequence[Mapping[str, Any]]:
        """Return the keys; empty before the first."""

    def write(self, pairs: Sequence[Mapping[str, Any]]) -> None:
        """Store the keys in place of those before."""


@dataclass(frozen=True)
class RunSession:
    """A run that a command acts on."""

    run_id: str
    app: App
    #: Where the run is served; None when it isn't being served.
    address: str | None
    #: The base address of links: where the run is served, was last served, or would be served.
    base: str = ""
    #: The experiment's folder; None when the run was opened without its code.
    folder: Path | None = None
    #: In a deployed lab, where its keys are; None: they are in the file of the run.
    lab_keys: LabKeyStore | None = None

    @property
    def how_to_serve(self) -> str:
        """The command that serves the run at the address of its links."""
        port = urlsplit(self.base).port
        folder = shlex.quote(str(self.folder or "DIR"))
        return f"petri debug {folder} --id {self.run_id}{'' if port is None else f' --port {port}'}"

    def carry_out(self) -> DrainResult:
        """Process the messages in the outbox, unless the run's server does."""
        if self.address is not None:
            return DrainResult(0, 0, by_host=True)
        queue = self.app.queue
        if not isinstance(queue, LocalQueue):
            raise PetriError("A local run requires the local queue; build its app with bootstrap.local().")
        done = failed = 0
        with captured_log() as messages:
            while (message := queue.take()) is not None:
                if queue_consumer.consume(LocalQueue.as_event(message))["batchItemFailures"]:
                    failed += 1
                else:
                    done += 1
        return DrainResult(done, failed, by_host=False, output=messages)


class _LogCapture(logging.Handler):
    """Collects the messages that workers log."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(logging.INFO)
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno == logging.INFO:
            self._messages.append(str(getattr(record, FOR_OPERATOR, record.getMessage())))


@contextmanager
def captured_log() -> Iterator[list[str]]:
    """Yield the list of messages that recruiters report in the workers' log inside the with block."""
    messages: list[str] = []
    worker, handler = logging.getLogger("petri.worker"), _LogCapture(messages)
    before = worker.level
    worker.setLevel(logging.INFO)
    worker.addHandler(handler)
    try:
        yield messages
    finally:
        worker.removeHandler(handler)
        worker.setLevel(before)


def _count(messages_done: int) -> str:
    return f"{messages_done} message{'' if messages_done == 1 else 's'}"
