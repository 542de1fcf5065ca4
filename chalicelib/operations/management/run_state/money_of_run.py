"""The money of a run: the ledger by status, the caps, the recruiters' fees, and the pay per hour."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from chalicelib.model import keys
from chalicelib.model.run_records import COMPENSATION, hand_bonus_of
from chalicelib.model.statuses import PaymentStatus
from chalicelib.operations.listings.payment_lists import payment_row
from chalicelib.operations.listings.recent_reads import recent
from chalicelib.operations.listings.record_rows import PaymentRow
from chalicelib.operations.management.run_progress import hourly_pay_of_latest
from chalicelib.operations.payment.ledger_sums import LedgerLine, ledger_lines
from chalicelib.operations.recruitment import budget
from chalicelib.operations.shared.context import Context

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
    hourly_pay: list[float] = field(
        metadata={"help": "What the latest participants who completed their part earned per hour."}
    )
    owed: Decimal = field(metadata={**_SUM, "help": "Owed or paid so far, fees included, if a cap is set."})
    reserved: Decimal = field(metadata={**_SUM, "help": "What open places and participants may still cost."})
    hard_cap: Decimal | None = field(metadata=_SUM)
    soft_cap: Decimal | None = field(metadata=_SUM)


@dataclass(frozen=True, slots=True)
class _Sums:
    """What is added up from all payments."""

    by_status: list[StatusTotal]
    by_recruiter: list[RecruiterCost]
    #: The latest of those by hand.
    by_hand: list[LedgerLine]
    stuck: int
    hourly_pay: list[float]


def money_of_run(ctx: Context) -> RunMoney:
    """Return what the run costs; its sums may be those of a moment ago if they take long to add up."""
    sums = recent(ctx, "money", _add_up)
    settings = ctx.settings
    return RunMoney(
        by_status=sums.by_status,
        by_recruiter=sums.by_recruiter,
        by_hand=_rows(ctx, sums.by_hand),
        stuck=sums.stuck,
        hourly_pay=sums.hourly_pay,
        owed=budget.owed(ctx),
        reserved=budget.reserved(ctx) if budget.has_cap(ctx) else _ZERO,
        hard_cap=_cap(settings.hard_cap),
        soft_cap=_cap(settings.soft_cap),
    )


def spent(ctx: Context) -> Decimal:
    """Return what is owed or paid so far, fees included, whether a cap is set or not.

    Without a cap it may be the sum of a moment ago, if it takes long to add up.
    """
    return budget.owed(ctx) if budget.has_cap(ctx) else recent(ctx, "spent", _add_up_costs)


def _add_up_costs(ctx: Context) -> Decimal:
    return sum((each.amount + each.fees for each in _by_recruiter(ctx, ledger_lines(ctx))), _ZERO)


def _add_up(ctx: Context) -> _Sums:
    lines = ledger_lines(ctx)
    by_hand = [one for one in lines if one.kind == COMPENSATION or hand_bonus_of(one.kind) is not None]
    return _Sums(
        by_status=_by_status(lines),
        by_recruiter=_by_recruiter(ctx, lines),
        by_hand=by_hand[-MOST_BY_HAND:],
        stuck=sum(1 for each in lines if each.is_stuck),
        hourly_pay=hourly_pay_of_latest(ctx),
    )


def _rows(ctx: Context, lines: Sequence[LedgerLine]) -> list[PaymentRow]:
    """Return payments as rows, the latest participants' first."""
    ctx.uow.prefetch(
        more=[
            key
            for one in lines
            for key in (keys.participant(one.participant_id), keys.payment(one.participant_id, one.kind))
        ]
    )
    payments = (ctx.uow.payment(each.participant_id, each.kind) for each in reversed(lines))
    return [payment_row(ctx, payment) for payment in payments if payment is not None]


def _cap(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _by_status(lines: Sequence[LedgerLine]) -> list[StatusTotal]:
    counts: Counter[str] = Counter()
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for each in lines:
        counts[each.status] += 1
        amounts[each.status] += each.amount
    return [StatusTotal(one, counts[one], amounts[one]) for one in PaymentStatus]


def _by_recruiter(ctx: Context, lines: Sequence[LedgerLine]) -> list[RecruiterCost]:
    # A fee is computed once for each amount: most payments have one of a few.
    found: dict[str, Counter[Decimal]] = defaultdict(Counter)
    for each in lines:
        found[each.recruiter][each.amount] += 1
    return [
        RecruiterCost(
            recruiter=name,
            count=amounts.total(),
            amount=sum((amount * count for amount, count in amounts.items()), _ZERO),
            fees=sum((budget.fee_of(ctx, name, amount) * count for amount, count in amounts.items()), _ZERO),
        )
        for name, amounts in sorted(found.items())
    ]
