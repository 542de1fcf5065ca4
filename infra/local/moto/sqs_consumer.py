"""The consumer of a run whose messages go through SQS: calls the handlers as Lambda's triggers do."""

from __future__ import annotations

import logging

from chalicelib.services import App
from chalicelib.workers import scheduler

from .moto_cloud import Handler, MotoCloud

logger = logging.getLogger("petri.local")

#: Seconds between two polls of the queues.
LOOK_EVERY = 0.1


class QueueConsumer:
    """Passes messages and ticks to the handlers of app.py, between requests."""

    def __init__(self, app: App, cloud: MotoCloud, on_message: Handler, on_tick: Handler) -> None:
        """`on_message`, `on_tick`: the handlers that Lambda would call."""
        self._cloud = cloud
        self._clock = app.clock
        self._on_message = on_message
        self._on_tick = on_tick
        self._minute = -1
        scheduler.forget_sockets()

    def carry_out_one(self) -> bool:
        """Process a batch from one queue; False when both are empty."""
        self._tick_once_a_minute()
        records = self._cloud.receive()
        if records:
            self._cloud.hand_over(records, self._on_message)
        return bool(records)

    def next_due(self) -> float | None:
        """Return the seconds until the next poll."""
        return LOOK_EVERY

    def _tick_once_a_minute(self) -> None:
        minute = int(self._clock.now().timestamp() // 60)
        if minute != self._minute:
            self._minute = minute
            if not self._cloud.tick(self._on_tick, self._clock.now()):
                logger.debug("The clock's rule is disabled.")
