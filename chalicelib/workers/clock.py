"""What a clock tick calls: timers of the experiment, rooms, and what a crash left unsent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from chalicelib import services
from chalicelib.model.errors import PetriError, Unsent
from chalicelib.operations import channels, connections, outbox, presence, rooms, ticks, timers, waking
from chalicelib.ports import Message

logger = logging.getLogger("petri.clock")

#: Messages younger than this, in seconds, are still on their ordinary way.
YOUNG = 5.0
#: How far ahead a sweep sends what has only been recorded so far: the next tick may be two minutes away.
AHEAD = timedelta(seconds=150)
#: How many messages are sent, and noted, together.
TOGETHER = 20
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
        rest()
    except PetriError:
        logger.exception("the clock couldn't be switched off; the next tick tries again")


def _jobs(minute: int) -> Iterator[tuple[str, Callable[[], str]]]:
    """Name the jobs of a minute, each with what does it and says what came of it."""
    app = services.current()
    yield "sweep", lambda: f"{sweep()} messages sent again"
    if app.run(timers.has_background_tasks):
        yield "background_tasks", lambda: _done(timers.run_background_tasks, minute)
    if app.run(timers.is_running):
        for schedule in app.scheduled:
            if minute % schedule.minutes == 0:
                call = (schedule.name, schedule.function, schedule.is_method, minute)
                yield f"scheduled {schedule.name}", partial(_done, timers.call_scheduled, *call)
    if app.run(rooms.has_waiting_room):
        yield "rooms", lambda: _done(rooms.form_rooms)
    yield "sockets", lambda: f"{_close_silent_sockets()} closed"


def _do(job: str, act: Callable[[], str], minute: int) -> None:
    app = services.current()
    if not app.run(ticks.begin, job, minute):
        return
    try:
        result = act()
    except Exception as error:
        # Whatever it is: the other jobs go on, and the record tells.
        logger.exception("%s failed; the next tick tries again", job)
        result = f"failed: {type(error).__name__}: {error}"
    app.run(ticks.end, job, minute, result)


def _done(operation: Callable[..., None], *arguments: Any) -> str:
    services.current().run(operation, *arguments)
    return "done"


def forget_sockets() -> None:
    """Forget the sockets of an earlier process of this run; their people have a while to come back."""
    app = services.current()
    for connection_id in app.run(connections.all_connections):
        app.run(channels.disconnect, connection_id, presence.RESTART)


def _close_silent_sockets() -> int:
    """Close sockets whose pages are silent: their people are gone though nobody hung up."""
    app = services.current()
    found = app.run(connections.silent)
    for connection_id in found:
        try:
            app.run(channels.disconnect, connection_id)
            app.channels.disconnect(connection_id, GOING_AWAY, "Nothing was heard of you")
        except PetriError:
            logger.exception("a silent socket couldn't be closed; it ends by itself")
    return len(found)


def sweep(*, young: float = YOUNG) -> int:
    """Send again what is due and was lost on its way, and in time what is due soon; return how many.

    `young`: seconds for which messages are still on their ordinary way, where the queue itself knows what
    waits in it.
    """
    app = services.current()
    now = app.clock.now()
    if app.queue.knows_what_waits:
        messages = app.store.due(now - timedelta(seconds=young))
        app.queue.send(*messages)
        return len(messages)
    free = [message for message in app.store.due(now + AHEAD) if outbox.is_free(message, now)]
    for start in range(0, len(free), TOGETHER):
        _send_again(free[start : start + TOGETHER])
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
    app.run(outbox.note_carried, [message for message in messages if message.key not in unsent])
    if problem is not None:
        raise problem


def rest() -> None:
    """Switch the clock off when nothing is left to do; who has something done switches it on again."""
    app = services.current()
    if app.run(waking.has_time):
        return
    if _is_needed():
        app.run(waking.promise)
        return
    if not app.run(waking.fall_asleep):
        return
    app.schedule.disable()
    if _is_needed() or not app.run(waking.is_asleep):
        app.wake(anyway=True)
        return
    logger.info("nothing is open and nothing is left to do: the clock sleeps until somebody comes")


def _is_needed() -> bool:
    app = services.current()
    return app.store.holds_messages() or app.run(waking.expects_somebody)
