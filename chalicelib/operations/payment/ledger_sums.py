"""Reads the payments of all participants from their small lines, to add them up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from operator import itemgetter
from typing import Any

from chalicelib.access.rights import Right
from chalicelib.model.record import moment
from chalicelib.model.statuses import PAYMENT_IN_PROGRESS
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context

from .operator_actions import STUCK_AFTER


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """What sums need of one payment."""

    participant_id: int
    kind: str
    amount: Decimal
    status: str
    recruiter: str
    #: Whether it is overdue, and no worker process holds its lease.
    is_stuck: bool


def ledger_lines(ctx: Context) -> list[LedgerLine]:
    """Return the lines of all payments, by participant and kind.

    A large run has tens of thousands of payments. Each has a small item beside it, so that reading all of
    them takes a few calls.
    """
    require_right(ctx, Right.VIEW)
    people, now = ctx.uow.listed_participants(), ctx.now
    unlisted: Mapping[str, Any] = {}
    # Most payments have one of a few amounts.
    amount_of = cache(Decimal)
    return [
        LedgerLine(
            item["participant_id"],
            item["payment_kind"],
            amount_of(item["amount"]),
            item["status"],
            people.get(item["participant_id"], unlisted).get("recruiter") or "",
            _is_stuck(item, now),
        )
        for item in sorted(ctx.uow.ledger_lines(), key=itemgetter("sk"))
    ]


def _is_stuck(item: Mapping[str, Any], now: datetime) -> bool:
    if item["status"] not in PAYMENT_IN_PROGRESS:
        return False
    leased_until, since = moment(item.get("leased_until")), moment(item.get("since"))
    return not (leased_until is not None and leased_until > now) and (
        since is None or now - since >= STUCK_AFTER
    )
