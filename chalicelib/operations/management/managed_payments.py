"""Payments as people manage them: read with their transitions, retried, released."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.errors import InvalidState, NotFound
from chalicelib.model.record import moment
from chalicelib.model.run_records import Payment, is_known_kind, transitions_of
from chalicelib.operations.listings.payment_lists import payment_row
from chalicelib.operations.listings.record_rows import PaymentRow
from chalicelib.operations.payment.operator_actions import release_payment, resolve_payment, retry_payment
from chalicelib.operations.shared.context import Context

MAX_DIGITS: Final = 12


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


def read_payment(ctx: Context, payment_id: str) -> PaymentDetail:
    """Return a payment with its transitions; NotFound for an unknown id."""
    return payment_detail(ctx, _payment(ctx, payment_id))


def payment_detail(ctx: Context, payment: Payment) -> PaymentDetail:
    """Return a payment of this unit of work with its transitions."""
    transitions = [
        PaymentTransition(str(one["to"]), moment(one["at"]), str(one["by"]), str(one["why"]))
        for one in transitions_of(payment)
    ]
    return PaymentDetail(payment_row(ctx, payment), transitions)


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
