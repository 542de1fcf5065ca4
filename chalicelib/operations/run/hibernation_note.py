"""Notes that the operator has let a deployed run hibernate, so that dashboards say so."""

from __future__ import annotations

from typing import Final

from chalicelib.model.record import iso
from chalicelib.operations.shared.access import require_operator
from chalicelib.operations.shared.context import Context

#: The name in the run's state: since when its queues and its schedule are off; None or absent: they aren't.
_HIBERNATING: Final = "hibernating"


def note_hibernation(ctx: Context, *, begins: bool) -> None:
    """Note that the queues and the schedule were switched off, or on again.

    Args:
        ctx: The context; the caller is the operator, whose command switches them.
        begins: Whether they were switched off.

    """
    require_operator(ctx)
    if begins != is_hibernating(ctx):
        ctx.uow.state[_HIBERNATING] = iso(ctx.now) if begins else None


def is_hibernating(ctx: Context) -> bool:
    """Whether the run hibernates: its pages are served, but no message is handled and no job runs."""
    return bool(ctx.uow.state.get(_HIBERNATING))
