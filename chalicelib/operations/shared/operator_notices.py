"""Posts notices to the operator, which are mailed after the commit."""

from __future__ import annotations

from chalicelib.messages import NotifyOperator

from .context import Context


def notify_operator(ctx: Context, text: str) -> None:
    """Mail the operator after the commit."""
    ctx.uow.post(NotifyOperator({"message": text}))
