"""What a clock tick calls: timers of the experiment, rooms, and what a crash left unsent."""

from __future__ import annotations

import logging
from datetime import timedelta

from chalicelib import services
from chalicelib.model.errors import PetriError
from chalicelib.operations import rooms, timers
from chalicelib.operations.unit import Unit

logger = logging.getLogger("petri.clock")

#: Messages younger than this, in seconds, are still on their ordinary way.
YOUNG = 5.0


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
