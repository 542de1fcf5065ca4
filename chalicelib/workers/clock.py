"""What a clock tick calls: timers of the experiment, rooms, and what a crash left unsent."""

from __future__ import annotations

import logging
from datetime import timedelta

from chalicelib import services
from chalicelib.model.errors import PetriError
from chalicelib.operations import channels, connections, presence, rooms, timers
from chalicelib.operations.unit import Unit

logger = logging.getLogger("petri.clock")

#: Messages younger than this, in seconds, are still on their ordinary way.
YOUNG = 5.0
#: RFC 6455's code for an end that isn't the page's doing.
GOING_AWAY = 1001


def tick() -> None:
    """Do what is to be done once a minute; one task that fails doesn't stop the others."""
    app = services.current()
    minute = int(app.clock.now().timestamp() // 60)
    sweep()
    _try(timers.run_background_tasks, minute)
    for schedule in app.scheduled:
        if minute % schedule.minutes == 0:
            _try(timers.call_scheduled, schedule.name, schedule.function, schedule.is_method, minute)
    _try(_form_rooms)
    _close_silent_sockets()


def forget_sockets() -> None:
    """Forget the sockets of an earlier process of this run; their people have a while to come back."""
    app = services.current()
    for connection_id in app.run(connections.all_connections):
        app.run(channels.disconnect, connection_id, presence.RESTART)


def _close_silent_sockets() -> None:
    """Close sockets whose pages are silent: their people are gone though nobody hung up."""
    app = services.current()
    for connection_id in app.run(connections.silent):
        _try(channels.disconnect, connection_id)
        try:
            app.channels.disconnect(connection_id, GOING_AWAY, "Nothing was heard of you")
        except PetriError:
            logger.exception("a silent socket couldn't be closed; it ends by itself")


def _form_rooms(unit: Unit) -> None:
    """Form rooms even where a crash swallowed the nudge."""
    if rooms.has_waiting_room(unit):
        rooms.form_rooms(unit)


def _try(operation: object, *args: object) -> None:
    try:
        services.current().run(operation, *args)  # type: ignore[arg-type]  # an operation of any shape
    except PetriError:
        logger.exception("a task of the clock failed; the next tick tries again")
    except Exception:
        logger.exception("a task of the experiment failed; the next tick tries again")


def sweep(*, young: float = YOUNG) -> int:
    """Send messages that are due and older than `young` seconds again; return how many."""
    app = services.current()
    messages = app.store.due(app.clock.now() - timedelta(seconds=young))
    for message in messages:
        app.queue.send(message)
    return len(messages)
