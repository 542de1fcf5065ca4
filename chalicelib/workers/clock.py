"""What a clock tick calls: send again what a crash left unsent."""

from __future__ import annotations

from datetime import timedelta

from chalicelib import services

#: Messages younger than this, in seconds, are still on their ordinary way.
YOUNG = 5.0


def sweep(*, young: float = YOUNG) -> int:
    """Send messages that are due and older than `young` seconds again; return how many."""
    app = services.current()
    messages = app.store.due(app.clock.now() - timedelta(seconds=young))
    for message in messages:
        app.queue.send(message)
    return len(messages)
