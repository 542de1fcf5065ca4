"""Reads the payments of all participants from their small lines, to add them up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any

from chalicelib.access.rights import Right
from chalicelib.model.record import moment
from chalicelib.model.statuses import PAYMENT_IN_PROGRESS
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context

from .operator_actions import STUCK_AFTER, PaymentEntry, PaymentFilter, list_payments


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

    A version of Petri without these small items lists participants without their recruiter, and may have
    changed their payments, before an update or after one that was rolled back. Those payments are read one
    by one.
    """
    require_right(ctx, Right.VIEW)
    people, now = ctx.uow.listed_participants(), ctx.now
    unlisted: Mapping[str, Any] = {}
    # Most payments have one of a few amounts.
    amount_of = cache(Decimal)
    lines = [
        LedgerLine(
            item["participant_id"],
            item["payment_kind"],
            amount_of(item["amount"]),
            item["status"],
            people.get(item["participant_id"], unlisted).get("recruiter") or "",
            _is_stuck(item, now),
        )
        for item in ctx.uow.ledger_lines()
    ]
    earlier = {number for number, item in people.items() if not item.get("recruiter")}
    if earlier:
        lines = [line for line in lines if line.participant_id not in earlier]
        lines += map(_line_of, list_payments(ctx, PaymentFilter(among=tuple(sorted(earlier)))))
    return sorted(lines, key=attrgetter("participant_id", "kind"))


def _line_of(entry: PaymentEntry) -> LedgerLine:
    return LedgerLine(
        entry.participant_id, entry.kind, entry.amount, entry.status, entry.recruiter, entry.is_stuck
    )


def _is_stuck(item: Mapping[str, Any], now: datetime) -> bool:
    if item["status"] not in PAYMENT_IN_PROGRESS:
        return False
    leased_until, since = moment(item.get("leased_until")), moment(item.get("since"))
    return not (leased_until is not None and leased_until > now) and (
        since is None or now - since >= STUCK_AFTER
    )
