"""Stops the clock of a timed assignment while the participant has closed its page."""

from __future__ import annotations

from typing import Any

from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.flow.moves import leave_page
from chalicelib.operations.study.shared.class_rules import running_since
from chalicelib.operations.study.shared.study_context import own_place, session_of


def take_leave(ctx: Context, serial: int, since: str) -> dict[str, Any]:
    """Stop the clock of the page that is due; return whether it was stopped.

    `since`: `leaves` of the page that was closed. A page that was opened again since then stays open.
    """
    _, place = own_place(ctx)
    is_due = place is not None and place.serial == serial and place.ended is None
    if place is None or not is_due or running_since(ctx, place) != since:
        return {"stopped": False}
    leave_page(ctx, place)
    session_of(ctx).flush()
    return {"stopped": True}
