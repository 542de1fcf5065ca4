"""Notices to the operator: mail after the commit."""

from __future__ import annotations

from chalicelib.messages import NotifyOperator

from .context import Context


def notify_operator(ctx: Context, text: str) -> None:
    """Tell the operator by mail, after the commit."""
    ctx.uow.post(NotifyOperator({"message": text}))
