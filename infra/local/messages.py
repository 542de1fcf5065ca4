"""The consumer beside a local run: hands messages and clock ticks to the handlers that Lambda has."""

from __future__ import annotations

import time

from chalicelib.messaging.local import LocalQueue
from chalicelib.model.errors import PetriError
from chalicelib.services import App
from chalicelib.workers import clock, messages

#: Seconds between two looks for messages that a crash, or a failed attempt, left behind.
SWEEP_EVERY = 5.0


class Messages:
    """Takes from the local queue what is due, in the form in which SQS delivers it."""

    def __init__(self, app: App) -> None:
        """Take up first what an earlier process of this run left undone."""
        if not isinstance(app.queue, LocalQueue):
            raise PetriError("A local run needs the local queue; build its app with bootstrap.local().")
        self._queue = app.queue
        self._swept = time.monotonic()
        clock.sweep(young=0)

    def carry_out_one(self) -> bool:
        """Carry out the oldest message; False when there is none."""
        message = self._queue.take()
        if message is None:
            self._sweep_now_and_then()
            return False
        messages.consume(LocalQueue.as_event(message))
        return True

    def _sweep_now_and_then(self) -> None:
        if time.monotonic() - self._swept >= SWEEP_EVERY:
            self._swept = time.monotonic()
            clock.sweep()
