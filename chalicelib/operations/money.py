"""What is owed, and that it is paid once: the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from chalicelib.model.errors import ExperimentError
from chalicelib.model.participant import Participant
from chalicelib.model.reports import DUE, PAID, SENDING, Payment

from .unit import Unit

CENT = Decimal("0.01")
BASE, BONUS = "base", "bonus"
#: A bonus above this is taken for a mistake: MTurk takes no bonus above 10,000 dollars.
MOST_BONUS = Decimal(10_000)


def in_cents(amount: Any, what: str) -> Decimal:
    """Return an amount in dollars as whole cents; ExperimentError for what is no sum of money."""
    try:
        dollars = Decimal(str(amount))
    except InvalidOperation as error:
        raise ExperimentError(f"{what} must be a number of dollars, not {amount!r}.") from error
    if not dollars.is_finite() or dollars < 0 or dollars > MOST_BONUS:
        raise ExperimentError(f"{what} must lie between 0 and {MOST_BONUS} dollars, not {amount!r}.")
    return dollars.quantize(CENT, ROUND_HALF_UP)


def owe(unit: Unit, participant: Participant, kind: str, amount: Decimal, reason: str) -> None:
    """Put a sum into the ledger, unless its kind is there already, and have it paid after the commit."""
    if amount < CENT or unit.work.payment(participant.id, kind) is not None:
        return
    unit.work.save(Payment(participant.id, kind, amount, reason))
    unit.work.post({"kind": "pay", "participant_id": participant.id, "payment": kind})


def owe_base(unit: Unit, participant: Participant) -> None:
    """Base pay: owed to everybody who did not break off by themselves."""
    amount = in_cents(unit.config.get("base_payment") or 0, "base_payment")
    participant.base_pay = amount
    owe(unit, participant, BASE, amount, "base pay")


@dataclass(frozen=True, slots=True)
class Transfer:
    """One payment as the recruiter has to make it."""

    recruiter: str
    assignment_id: str
    kind: str
    amount: Decimal
    reason: str
    token: str


def begin_payment(unit: Unit, participant_id: int, kind: str) -> Transfer | None:
    """Move a payment from due to sending and say what to send; None when it was paid already."""
    payment = unit.work.payment(participant_id, kind)
    if payment is None or payment.status not in (DUE, SENDING):
        return None
    participant = unit.work.participant(participant_id)
    payment.status = SENDING
    return Transfer(
        recruiter=participant.recruiter,
        assignment_id=participant.assignment_id,
        kind=kind,
        amount=payment.amount,
        reason=payment.reason or "",
        token=f"{unit.run_seed}-{participant_id}-{kind}",
    )


def settle_payment(unit: Unit, participant_id: int, kind: str, reference: str) -> None:
    """Note that a payment has been made."""
    payment = unit.work.payment(participant_id, kind)
    if payment is not None and payment.status == SENDING:
        payment.status = PAID
        payment.recruiter_reference = reference
        payment.sent_time = unit.now
