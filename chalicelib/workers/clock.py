"""What a clock tick calls: timers of the experiment, rooms, and what a crash left unsent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from chalicelib import services
from chalicelib.model.errors import PetriError
from chalicelib.operations import channels, connections, presence, rooms, ticks, timers

logger = logging.getLogger("petri.clock")

#: Messages younger than this, in seconds, are still on their ordinary way.
YOUNG = 5.0
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
    """Send messages that are due and older than `young` seconds again; return how many."""
    app = services.current()
    messages = app.store.due(app.clock.now() - timedelta(seconds=young))
    for message in messages:
        app.queue.send(message)
    return len(messages)
