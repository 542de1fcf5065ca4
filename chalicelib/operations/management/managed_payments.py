"""Payments as people manage them: listed by participant, read with their transitions, retried, released."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from chalicelib.errors import InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.model.record import moment
from chalicelib.model.run_records import Payment, is_known_kind
from chalicelib.model.statuses import PaymentStatus
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.listings.participant_lists import newest_participant
from chalicelib.operations.listings.payment_lists import AT_ONCE, payments_of
from chalicelib.operations.payment.ledger import transitions_of
from chalicelib.operations.payment.operator_actions import (
    PaymentEntry,
    PaymentFilter,
    list_payments,
    payment_entry,
    release_payment,
    resolve_payment,
    retry_payment,
)
from chalicelib.operations.shared.context import Context

#: How many participants one page of a filtered list looks at.
MAX_LOOKED_AT: Final = 2_000
MAX_DIGITS: Final = 12
PERSONAL: Final = {"personal": True}


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One payment of the ledger."""

    id: str = field(metadata={"help": "The participant's id and the kind: `12-base`."})
    participant_id: int
    kind: str = field(metadata={"help": "base, bonus, compensation, screen-out, visit-2, bonus-1 and so on."})
    amount: Decimal = field(metadata={"any_decimal": True, "help": "US dollars."})
    status: PaymentStatus
    since: datetime | None = field(metadata={"help": "When it reached this status."})
    reason: str = field(metadata={"help": "The reason of the last transition."})
    is_stuck: bool = field(metadata={"help": "Whether it is overdue and not being sent."})
    recruiter: str
    worker_id: str | None = field(metadata=PERSONAL)
    reference: str | None = field(metadata={**PERSONAL, "help": "The recruiter's reference."})


@dataclass(frozen=True, slots=True)
class PaymentTransition:
    """One transition of a payment."""

    to: str
    at: datetime | None
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class PaymentDetail:
    """One payment with its transitions, oldest first."""

    payment: PaymentRow
    transitions: list[PaymentTransition]


def page_of_payments(
    ctx: Context, status: PaymentStatus | None, participant_id: int | None, after: int, limit: int
) -> Listing[PaymentRow]:
    """Return the payments of the participants after `after`, in the order of their ids.

    A page ends with a whole participant, so it may exceed the limit by the payments of one participant.
    """
    if participant_id is not None:
        entries = list_payments(ctx, PaymentFilter(status, participant_id))
        return Listing([payment_row_of(each) for each in entries], None, 1, is_partial=False)
    newest = newest_participant(ctx)
    rows: list[PaymentRow] = []
    looked_at, last = 0, after
    for number, found in _payments_after(ctx, status, after, min(newest, after + MAX_LOOKED_AT)):
        last = number
        looked_at += found is not None
        rows += [payment_row_of(payment_entry(ctx, each)) for each in found or ()]
        if len(rows) >= limit:
            break
    is_over = last >= newest
    return Listing(
        rows, None if is_over else str(last), looked_at, is_partial=not is_over and len(rows) < limit
    )


def _payments_after(
    ctx: Context, status: PaymentStatus | None, after: int, newest: int
) -> Iterator[tuple[int, list[Payment] | None]]:
    """Yield the numbers behind one, each with the payments that have a status; None: no participant has it.

    The payments of some participants at a time are read, in one call for all that have the status.
    """
    for start in range(after + 1, newest + 1, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, newest + 1))
        found = {
            number: [row.kind for row in rows if status in (None, row.status)]
            for number, rows in payments_of(ctx, numbers).items()
        }
        people = [keys.participant(number) for number, kinds in found.items() if kinds]
        payments = [keys.payment(number, kind) for number, kinds in found.items() for kind in kinds]
        ctx.uow.prefetch(more=[*people, *payments])
        for number in numbers:
            kinds = found.get(number)
            yield number, None if kinds is None else _read_payments(ctx, number, kinds)


def _read_payments(ctx: Context, participant_id: int, kinds: list[str]) -> list[Payment]:
    payments = (ctx.uow.payment(participant_id, kind) for kind in kinds)
    return [payment for payment in payments if payment is not None]


def read_payment(ctx: Context, payment_id: str) -> PaymentDetail:
    """Return a payment with its transitions; NotFound for an unknown id."""
    return payment_detail(ctx, _payment(ctx, payment_id))


def payment_detail(ctx: Context, payment: Payment) -> PaymentDetail:
    """Return a payment of this unit of work with its transitions."""
    transitions = [
        PaymentTransition(str(one["to"]), moment(one["at"]), str(one["by"]), str(one["why"]))
        for one in transitions_of(payment)
    ]
    return PaymentDetail(payment_row_of(payment_entry(ctx, payment)), transitions)


def retry_one_payment(ctx: Context, payment_id: str) -> PaymentDetail:
    """Send a payment again that is due or being sent; InvalidState for any other."""
    payment = _payment(ctx, payment_id)
    if not retry_payment(ctx, payment.participant_id, payment.kind):
        raise InvalidState(
            f"The payment {payment_id} is {payment.status} and can't be retried now: only a payment that is "
            "due or being sent, and that no worker process holds, can be."
        )
    return read_payment(ctx, payment_id)


def release_one_payment(ctx: Context, payment_id: str) -> PaymentDetail:
    """Release a held or refused payment to be sent; InvalidState for any other."""
    payment = _payment(ctx, payment_id)
    if not release_payment(ctx, payment.participant_id, payment.kind):
        raise InvalidState(
            f"The payment {payment_id} is {payment.status}; only a held or refused payment can be released."
        )
    return read_payment(ctx, payment_id)


def resolve_one_payment(ctx: Context, payment_id: str, reference: str, reason: str) -> PaymentDetail:
    """Record that a payment was made without Petri; InvalidState when it is paid or being sent now."""
    payment = _payment(ctx, payment_id)
    if not resolve_payment(ctx, payment.participant_id, payment.kind, reference, reason):
        raise InvalidState(
            f"The payment {payment_id} is {payment.status}, and can't be recorded as paid by hand: it is "
            "paid already, or a worker process is sending it at this moment."
        )
    return read_payment(ctx, payment_id)


def _payment(ctx: Context, payment_id: str) -> Payment:
    number, _, kind = payment_id.partition("-")
    is_id = _is_number(number) and is_known_kind(kind)
    payment = ctx.uow.payment(int(number), kind) if is_id else None
    if payment is None:
        raise NotFound(
            f"There is no payment {payment_id!r}. Its id is the participant's id and the kind: 12-base.",
            code="payment_not_found",
        )
    return payment


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS and not text.startswith("0")


def payment_row_of(entry: PaymentEntry) -> PaymentRow:
    """Return a payment as a row of the ledger."""
    return PaymentRow(
        id=f"{entry.participant_id}-{entry.kind}",
        participant_id=entry.participant_id,
        kind=entry.kind,
        amount=entry.amount,
        status=PaymentStatus(entry.status),
        since=entry.since,
        reason=entry.reason,
        is_stuck=entry.is_stuck,
        recruiter=entry.recruiter,
        worker_id=entry.worker_id,
        reference=entry.reference,
    )
