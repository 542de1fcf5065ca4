"""Rings the open pages of the dashboard when something has changed that they may show."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.ports import UnitOfWork

from .channels import OPERATOR_CHANNEL, Delivery, publish

RING: Final = "{}"
#: Items that no page of the dashboard shows: writing them rings nothing, such as a heartbeat's.
UNSEEN_KINDS: Final = frozenset(
    {"awake", "connection", "message", "presence", "session", "sign_in_limit", "subscriber", "ticket"}
)


def is_shown(kinds: Collection[str]) -> bool:
    """Whether a commit has written something that a page of the dashboard may show."""
    return not UNSEEN_KINDS.issuperset(kinds)


def has_dashboards(uow: UnitOfWork) -> bool:
    """Whether any dashboard listens: one query."""
    return bool(uow.page(keys.channel(OPERATOR_CHANNEL), limit=1).items)


def ring(ctx: Context) -> Delivery:
    """Tell all dashboards that something has changed."""
    return publish(ctx, OPERATOR_CHANNEL, RING)
