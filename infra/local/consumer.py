"""Passes the messages and clock ticks of a local run to the same handlers that Lambda calls."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

from chalicelib.errors import Busy, PetriError
from chalicelib.messaging.local_queue import LocalQueue, LocalSchedule
from chalicelib.messaging.retry_backoff import backoff_seconds
from chalicelib.operations.schedule import delivery_attempts
from chalicelib.ports import Message
from chalicelib.services import App
from chalicelib.workers import queue_consumer, scheduler

#: Seconds between two sweeps for messages that a crash or a failed attempt left behind.
SWEEP_EVERY = 5.0
#: At its start, a process schedules messages that are due within so many seconds.
AHEAD = 7200.0


class MessageConsumer:
    """Takes due messages from the local queue and delivers them in the format of SQS."""

    def __init__(self, app: App) -> None:
        """Resend first what an earlier process of this run left in the outbox."""
        if not isinstance(app.queue, LocalQueue) or not isinstance(app.schedule, LocalSchedule):
            raise PetriError("A local run requires the local queue; build its app with bootstrap.local().")
        self._app = app
        self._queue = app.queue
        self._schedule = app.schedule
        self._clock = app.clock
        self._swept = time.monotonic()
        self._minute = -1
        #: How often processes of this run died while processing a message, by its name.
        self._ended = app.run(delivery_attempts.unfinished_attempts)
        self._put_off: set[str] = set()
        scheduler.forget_sockets()
        scheduler.resend_due_messages(min_age=-AHEAD)

    def carry_out_one(self) -> bool:
        """Process the oldest due message; False when there is none."""
        self._tick_once_a_minute()
        message = self._queue.take()
        if message is None:
            self._sweep_now_and_then()
            return False
        if not self._is_put_off(message):
            self._carry_out(message)
        return True

    def _carry_out(self, message: Message) -> None:
        name = delivery_attempts.attempt_name(message.key)
        ended = self._ended.get(name, 0)
        try:
            with self._app.store.begin(self._clock.now()) as work:
                delivery_attempts.store_attempts(work, {**self._ended, name: ended + 1})
        except Busy as busy:
            # The file is locked or can't be written: the message waits without using up an attempt.
            self._queue.done(message)
            self._queue.send(replace(message, due=self._clock.now() + timedelta(seconds=busy.retry_after)))
            return
        tries = self._queue.tries(message) + ended
        if queue_consumer.consume(LocalQueue.as_event(message, tries))["batchItemFailures"]:
            self._queue.failed(message)
        else:
            self._queue.done(message)
        if tries <= queue_consumer.MAX_DELIVERIES:
            self._ended.pop(name, None)

    def _is_put_off(self, message: Message) -> bool:
        """Delay a message that killed an earlier process, so that the run is served in the meantime."""
        name = delivery_attempts.attempt_name(message.key)
        ended = self._ended.get(name, 0)
        if not ended or name in self._put_off or ended >= queue_consumer.MAX_DELIVERIES:
            return False
        self._put_off.add(name)
        due = self._clock.now() + timedelta(seconds=backoff_seconds(ended))
        self._queue.done(message)
        self._queue.send(replace(message, due=due))
        return True

    def next_due(self) -> float | None:
        """Return the seconds until the next message is due; None when there is none."""
        due = self._queue.next_due
        return None if due is None else (due - self._clock.now()).total_seconds()

    def _tick_once_a_minute(self) -> None:
        """Run the schedule, as EventBridge does in the cloud."""
        minute = int(self._clock.now().timestamp() // 60)
        if minute != self._minute:
            self._minute = minute
            if self._schedule.is_on:
                scheduler.tick()

    def _sweep_now_and_then(self) -> None:
        if time.monotonic() - self._swept >= SWEEP_EVERY:
            self._swept = time.monotonic()
            if scheduler.resend_due_messages():
                # Another process, such as a command, may have left them: nothing else enables this schedule.
                self._schedule.enable()
