"""What the operator has stopped for the whole run, until they allow it again."""

from __future__ import annotations

from typing import Final

from chalicelib.operations.shared.context import Context

#: The names in the run's state.
ENTRY_CLOSED: Final = "entry_closed"
PAYMENTS_HELD: Final = "payments_held"
#: The reason of a payment that is held because all are.
ALL_HELD: Final = "the operator holds all payments"


def is_entry_closed(ctx: Context) -> bool:
    """Whether no new participant may begin, even with a link or a place that was opened; never in a lab."""
    return bool(ctx.uow.state.get(ENTRY_CLOSED) or ctx.config.get("is_lab", False))


def are_payments_held(ctx: Context) -> bool:
    """Whether payments are held instead of being sent."""
    return bool(ctx.uow.state.get(PAYMENTS_HELD))
