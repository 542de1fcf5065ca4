"""The money of a run: the ledger by status, the caps, the recruiters' fees, and the pay per hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from chalicelib.model import keys
from chalicelib.model.run_records import COMPENSATION, KINDS, hand_bonus_of
from chalicelib.model.statuses import PaymentStatus
from chalicelib.operations.listings.payment_lists import payment_row
from chalicelib.operations.listings.record_rows import PaymentRow
from chalicelib.operations.management.run_progress import hourly_pay_of_latest
from chalicelib.operations.payment.operator_actions import PaymentEntry, PaymentFilter, list_payments
from chalicelib.operations.recruitment import budget
from chalicelib.operations.shared.context import Context

#: How many of the latest participants' payments are added up.
MOST_ADDED_UP: Final = 1_000
#: How many compensations and bonuses by hand are listed, the latest participants' first.
MOST_BY_HAND: Final = 50
_SUM: Final = {"any_decimal": True}
_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class StatusTotal:
    """The payments with one status."""

    status: PaymentStatus
    count: int
    amount: Decimal = field(metadata=_SUM)


@dataclass(frozen=True, slots=True)
class RecruiterCost:
    """What one recruiter's participants are owed or were paid, and what the recruiter charges for it."""

    recruiter: str
    count: int
    amount: Decimal = field(metadata=_SUM)
    fees: Decimal = field(metadata={**_SUM, "help": "Estimated from the recruiter's rates."})


@dataclass(frozen=True, slots=True)
class RunMoney:
    """What a run costs."""

    by_status: list[StatusTotal]
    by_recruiter: list[RecruiterCost]
    by_hand: list[PaymentRow] = field(metadata={"help": "Compensations, and bonuses that a person gave."})
    stuck: int = field(metadata={"help": "Payments that are overdue and not being sent."})
    looked_at: int = field(metadata={"help": "From how many of the latest participants these come."})
    is_partial: bool
    hourly_pay: list[float] = field(
        metadata={"help": "What the latest participants who completed their part earned per hour."}
    )
    owed: Decimal = field(metadata={**_SUM, "help": "Owed or paid so far, fees included, if a cap is set."})
    reserved: Decimal = field(metadata={**_SUM, "help": "What open places and participants may still cost."})
    hard_cap: Decimal | None = field(metadata=_SUM)
    soft_cap: Decimal | None = field(metadata=_SUM)


def money_of_run(ctx: Context) -> RunMoney:
    """Return what the run costs."""
    ids = ctx.uow.participant_ids()
    latest = ids[-MOST_ADDED_UP:]
    entries = _payments_of(ctx, latest)
    by_hand = [each for each in entries if each.kind == COMPENSATION or hand_bonus_of(each.kind) is not None]
    settings = ctx.settings
    return RunMoney(
        by_status=_by_status(entries),
        by_recruiter=_by_recruiter(ctx, entries),
        by_hand=_rows(ctx, by_hand[-MOST_BY_HAND:]),
        stuck=sum(1 for each in entries if each.is_stuck),
        looked_at=len(latest),
        is_partial=len(latest) < len(ids),
        hourly_pay=hourly_pay_of_latest(ctx),
        owed=budget.owed(ctx),
        reserved=budget.reserved(ctx) if budget.has_cap(ctx) else _ZERO,
        hard_cap=_cap(settings.hard_cap),
        soft_cap=_cap(settings.soft_cap),
    )


def _rows(ctx: Context, entries: Sequence[PaymentEntry]) -> list[PaymentRow]:
    """Return payments as rows, the latest participants' first."""
    payments = (ctx.uow.payment(each.participant_id, each.kind) for each in reversed(entries))
    return [payment_row(ctx, payment) for payment in payments if payment is not None]


def _cap(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _payments_of(ctx: Context, ids: Sequence[int]) -> list[PaymentEntry]:
    ctx.uow.prefetch(
        more=[
            key
            for one in ids
            for key in (keys.participant(one), *(keys.payment(one, kind) for kind in KINDS))
        ]
    )
    return [entry for one in ids for entry in list_payments(ctx, PaymentFilter(participant_id=one))]


def _by_status(entries: Sequence[PaymentEntry]) -> list[StatusTotal]:
    found: dict[str, list[Decimal]] = defaultdict(list)
    for each in entries:
        found[each.status].append(each.amount)
    return [StatusTotal(one, len(found[one]), sum(found[one], _ZERO)) for one in PaymentStatus]


def _by_recruiter(ctx: Context, entries: Sequence[PaymentEntry]) -> list[RecruiterCost]:
    found: dict[str, list[Decimal]] = defaultdict(list)
    for each in entries:
        found[each.recruiter].append(each.amount)
    return [
        RecruiterCost(
            recruiter=name,
            count=len(amounts),
            amount=sum(amounts, _ZERO),
            fees=sum((budget.fee_of(ctx, name, amount) for amount in amounts), _ZERO),
        )
        for name, amounts in sorted(found.items())
    ]
