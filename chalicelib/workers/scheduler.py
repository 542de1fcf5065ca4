"""Runs the jobs of a clock tick: the experiment's timed code, room forming, and the sweep of the outbox."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from chalicelib import services
from chalicelib.errors import PetriError, Unsent
from chalicelib.operations.realtime import channels, connections, presence, waiting_rooms
from chalicelib.operations.schedule import outbox, schedule_state, ticks, timers
from chalicelib.ports import Message

logger = logging.getLogger("petri.clock")

#: Messages younger than this, in seconds, are still in flight.
RESEND_AFTER = 5.0
#: How far ahead a sweep sends recorded messages: the next tick may be two minutes away.
SEND_AHEAD = timedelta(seconds=150)
#: How many messages one batch sends and marks as in flight.
SEND_BATCH = 20
#: Expired records are deleted in this minute of each hour.
MINUTES_OF_AN_HOUR, HALF_PAST = 60, 30
#: RFC 6455's close code when the server ends the connection.
GOING_AWAY = 1001


def tick() -> None:
    """Run the jobs of this minute; a failed job doesn't stop the others.

    Each job leaves a record, so that two clocks run each minute's job once.
    """
    minute = int(services.current().clock.now().timestamp() // 60)
    for job, act in _jobs(minute):
        try:
            _run_job(job, act, minute)
        except PetriError:
            logger.exception("%s couldn't be recorded; the next tick runs it again", job)
    try:
        disable_schedule_if_idle()
    except PetriError:
        logger.exception("the schedule couldn't be disabled; the next tick retries it")


def _jobs(minute: int) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield the jobs of a minute: the name, and the function that runs it and returns its result."""
    app = services.current()
    yield "sweep", lambda: f"{resend_due_messages()} messages sent again"
    if app.run(timers.has_background_tasks):
        yield "background_tasks", lambda: _done(timers.run_background_tasks, minute)
    if app.run(timers.is_launched):
        for schedule in app.scheduled:
            if minute % schedule.minutes == 0:
                call = (schedule.name, schedule.function, schedule.is_method, minute)
                yield f"scheduled {schedule.name}", partial(_done, timers.call_scheduled, *call)
    if app.run(waiting_rooms.has_waiting_room):
        yield "rooms", lambda: _done(waiting_rooms.form_rooms)
    if minute % MINUTES_OF_AN_HOUR == HALF_PAST and not app.store.deletes_expired:
        yield "expired_records", lambda: f"{app.store.delete_expired(app.clock.now())} deleted"
    yield "sockets", lambda: f"{_close_silent_sockets()} closed"


def _run_job(job: str, act: Callable[[], str], minute: int) -> None:
    app = services.current()
    if not app.run(ticks.claim_job, job, minute):
        return
    try:
        result = act()
    except Exception as error:
        # Any error: the other jobs continue, and the record has the error.
        logger.exception("%s failed; the next tick retries it", job)
        result = f"failed: {type(error).__name__}: {error}"
    app.run(ticks.finish_job, job, minute, result)


def _done(operation: Callable[..., None], *arguments: Any) -> str:
    services.current().run(operation, *arguments)
    return "done"


def forget_sockets() -> None:
    """Delete the sockets of an earlier process of this run; their participants have time to reconnect."""
    app = services.current()
    for connection_id in app.run(connections.all_connections):
        app.run(channels.disconnect, connection_id, presence.RESTART_SECONDS)


def _close_silent_sockets() -> int:
    """Close sockets without heartbeats, whose pages are gone although the sockets were never closed."""
    app = services.current()
    expired = app.run(connections.expired_connections)
    for connection_id in expired:
        try:
            app.run(channels.disconnect, connection_id)
            app.channels.disconnect(connection_id, GOING_AWAY, "No heartbeat was received")
        except PetriError:
            logger.exception("a silent socket couldn't be closed; it expires by itself")
    return len(expired)


def resend_due_messages(*, min_age: float = RESEND_AFTER) -> int:
    """Send due messages that were lost, and those that are due soon; return how many.

    `min_age`: seconds for which a message counts as in flight, where the queue tracks what is pending.
    """
    app = services.current()
    now = app.clock.now()
    if app.queue.tracks_pending:
        messages = app.store.due(now - timedelta(seconds=min_age))
        app.queue.send(*messages)
        return len(messages)
    free = [message for message in app.store.due(now + SEND_AHEAD) if outbox.is_due_for_resend(message, now)]
    for start in range(0, len(free), SEND_BATCH):
        _send_again(free[start : start + SEND_BATCH])
    return len(free)


def _send_again(messages: Sequence[Message]) -> None:
    """Send messages, then mark them as in flight, so that a failure in between loses none."""
    app = services.current()
    unsent: frozenset[tuple[str, str]] = frozenset()
    problem = None
    try:
        app.queue.send(*messages)
    except Unsent as error:
        problem, unsent = error, error.keys
    app.run(outbox.mark_in_flight, [message for message in messages if message.key not in unsent])
    if problem is not None:
        raise problem


def disable_schedule_if_idle() -> None:
    """Disable the schedule when nothing is left to do; the next recorded message enables it again."""
    app = services.current()
    if app.run(schedule_state.has_time_left):
        return
    if _is_needed():
        app.run(schedule_state.extend_until)
        return
    if not app.run(schedule_state.mark_disabled):
        return
    app.schedule.disable()
    if _is_needed() or not app.run(schedule_state.is_disabled):
        app.enable_schedule(force=True)
        return
    logger.info("nothing is open or pending: the schedule is disabled until the next request")


def _is_needed() -> bool:
    app = services.current()
    return app.store.has_messages() or app.run(schedule_state.has_open_places)
