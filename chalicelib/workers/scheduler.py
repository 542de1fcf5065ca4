"""What a clock tick calls: timers of the experiment, rooms, and what a crash left unsent."""

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

#: Messages younger than this, in seconds, are still on their ordinary way.
RESEND_AFTER = 5.0
#: How far ahead a sweep sends what has only been recorded so far: the next tick may be two minutes away.
SEND_AHEAD = timedelta(seconds=150)
#: How many messages are sent, and noted, together.
SEND_BATCH = 20
#: RFC 6455's code for an end that isn't the page's doing.
GOING_AWAY = 1001


def tick() -> None:
    """Do what is to be done once a minute; one job that fails doesn't stop the others.

    Each leaves a record, which is also how two clocks do each minute once.
    """
    minute = int(services.current().clock.now().timestamp() // 60)
    for job, act in _jobs(minute):
        try:
            _do(job, act, minute)
        except PetriError:
            logger.exception("%s couldn't be noted; the next tick does it again", job)
    try:
        disable_schedule_if_idle()
    except PetriError:
        logger.exception("the clock couldn't be switched off; the next tick tries again")


def _jobs(minute: int) -> Iterator[tuple[str, Callable[[], str]]]:
    """Name the jobs of a minute, each with what does it and says what came of it."""
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
    yield "sockets", lambda: f"{_close_silent_sockets()} closed"


def _do(job: str, act: Callable[[], str], minute: int) -> None:
    app = services.current()
    if not app.run(ticks.claim_job, job, minute):
        return
    try:
        result = act()
    except Exception as error:
        # Whatever it is: the other jobs go on, and the record tells.
        logger.exception("%s failed; the next tick tries again", job)
        result = f"failed: {type(error).__name__}: {error}"
    app.run(ticks.finish_job, job, minute, result)


def _done(operation: Callable[..., None], *arguments: Any) -> str:
    services.current().run(operation, *arguments)
    return "done"


def forget_sockets() -> None:
    """Forget the sockets of an earlier process of this run; their people have a while to come back."""
    app = services.current()
    for connection_id in app.run(connections.all_connections):
        app.run(channels.disconnect, connection_id, presence.RESTART_SECONDS)


def _close_silent_sockets() -> int:
    """Close sockets whose pages are silent: their people are gone though nobody hung up."""
    app = services.current()
    found = app.run(connections.expired_connections)
    for connection_id in found:
        try:
            app.run(channels.disconnect, connection_id)
            app.channels.disconnect(connection_id, GOING_AWAY, "Nothing was heard of you")
        except PetriError:
            logger.exception("a silent socket couldn't be closed; it ends by itself")
    return len(found)


def resend_due_messages(*, min_age: float = RESEND_AFTER) -> int:
    """Send again what is due and was lost on its way, and in time what is due soon; return how many.

    `min_age`: seconds for which messages are still on their ordinary way, where the queue itself knows what
    waits in it.
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
    """Send messages, then note that they are on their way: whatever fails between, they come."""
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
    """Switch the clock off when nothing is left to do; who has something done switches it on again."""
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
    logger.info("nothing is open and nothing is left to do: the clock sleeps until somebody comes")


def _is_needed() -> bool:
    app = services.current()
    return app.store.has_messages() or app.run(schedule_state.has_open_places)
