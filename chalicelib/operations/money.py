"""What is owed, and that it is paid once: the ledger.

One record for each participant and kind, put only if it isn't there. It moves from due to sending to
paid (or refused, or held for the operator's word), each move in a commit of its own that keeps who, when
and why. Between sending and paid lies the recruiter's call, with a token that is the same each time; a
later try looks first whether the earlier one happened.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from chalicelib.model.errors import ExperimentError
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso
from chalicelib.model.reports import DUE, HELD, PAID, REFUSED, SENDING, Payment
from chalicelib.ports import Transfer

from . import budget
from .unit import Unit

CENT = Decimal("0.01")
BASE, BONUS, COMPENSATION, SCREEN_OUT = "base", "bonus", "compensation", "screen-out"
#: A sum above this is taken for a mistake: MTurk takes no bonus above 10,000 dollars.
MOST = Decimal(10_000)
#: How long one worker has a payment to itself: longer than a call to a recruiter takes.
LEASE = timedelta(minutes=2)


def in_cents(amount: Any, what: str) -> Decimal:
    """Return an amount in dollars as whole cents; ExperimentError for what is no sum of money."""
    try:
        dollars = Decimal(str(amount))
    except InvalidOperation as error:
        raise ExperimentError(f"{what} must be a number of dollars, not {amount!r}.") from error
    if not dollars.is_finite() or dollars < 0 or dollars > MOST:
        raise ExperimentError(f"{what} must lie between 0 and {MOST} dollars, not {amount!r}.")
    return dollars.quantize(CENT, ROUND_HALF_UP)


def owe(unit: Unit, participant: Participant, kind: str, amount: Decimal, reason: str) -> Payment | None:
    """Put a sum into the ledger, unless its kind is there already, and have it paid after the commit.

    A bonus above the hard cap is held for the operator's word; base pay never is.
    """
    if amount < CENT or unit.work.payment(participant.id, kind) is not None:
        return None
    payment = Payment(participant.id, kind, amount, reason)
    unit.work.save(payment)
    fee = unit.recruiters.fee(participant.recruiter, amount)
    is_held = kind == BONUS and budget.is_above(unit, amount + fee)
    budget.note_owed(unit, amount + fee)
    if is_held:
        _move(unit, payment, HELD, "the hard cap is reached")
        budget.tell(
            unit, f"A bonus of ${amount} for participant {participant.id} is held: hard_cap is reached."
        )
    else:
        _keep_history(unit, payment, reason)
        _have_paid(unit, payment)
    return payment


def _have_paid(unit: Unit, payment: Payment) -> None:
    unit.work.post({"kind": "pay", "participant_id": payment.participant_id, "payment": payment.kind})


def owe_base(unit: Unit, participant: Participant) -> None:
    """Base pay: owed to everybody who did not break off by themselves."""
    amount = in_cents(unit.config.get("base_payment") or 0, "base_payment")
    participant.base_pay = amount
    owe(unit, participant, BASE, amount, "base pay")


def begin_payment(unit: Unit, participant_id: int, kind: str) -> Transfer | None:
    """Move a payment to sending and say what to send; None when nothing is to be sent (any more).

    ExperimentError, so that the message comes again, while another worker has the payment.
    """
    payment = unit.work.payment(participant_id, kind)
    if payment is None or payment.status not in (DUE, SENDING):
        return None
    until = payment.details.get("leased_until")
    if until is not None and until > (iso(unit.now) or ""):
        raise ExperimentError("Another worker is sending this payment; this one comes again.", code="in_work")
    is_retry = payment.status == SENDING
    _move(unit, payment, SENDING, "sent again" if is_retry else "sent")
    payment.details = {**payment.details, "leased_until": iso(unit.now + LEASE)}
    return _transfer(unit, payment, is_retry)


def _transfer(unit: Unit, payment: Payment, is_retry: bool) -> Transfer:
    participant = unit.work.participant(payment.participant_id)
    return Transfer(
        recruiter=participant.recruiter,
        participant_id=participant.id,
        assignment_id=participant.assignment_id,
        worker_id=participant.worker_id,
        hit_id=participant.hit_id,
        kind=payment.kind,
        amount=payment.amount,
        reason=payment.reason or "",
        token=f"{unit.run_seed}-{participant.id}-{payment.kind}",
        reference=payment.recruiter_reference,
        is_retry=is_retry,
    )


def keep_reference(unit: Unit, participant_id: int, kind: str, reference: str) -> None:
    """Store what the first of a vendor's two calls returned, before the second is made."""
    payment = unit.work.payment(participant_id, kind)
    if payment is not None and payment.status == SENDING:
        payment.recruiter_reference = reference


def give_up_for_now(unit: Unit, participant_id: int, kind: str, why: str) -> None:
    """Note that a try failed without a clear answer; the payment stays sending and is tried again."""
    payment = unit.work.payment(participant_id, kind)
    if payment is not None and payment.status == SENDING:
        _keep_history(unit, payment, why)
        payment.details = {k: v for k, v in payment.details.items() if k != "leased_until"}


def settle_payment(unit: Unit, participant_id: int, kind: str, reference: str) -> None:
    """Note that a payment has been made."""
    payment = unit.work.payment(participant_id, kind)
    if payment is not None and payment.status == SENDING:
        _move(unit, payment, PAID, "the recruiter has paid")
        payment.details = {k: v for k, v in payment.details.items() if k != "leased_until"}
        payment.recruiter_reference = reference
        payment.sent_time = unit.now


def refuse_payment(unit: Unit, participant_id: int, kind: str, why: str) -> None:
    """Note that the recruiter refused a payment for good, and tell the operator."""
    payment = unit.work.payment(participant_id, kind)
    if payment is None or payment.status != SENDING:
        return
    _move(unit, payment, REFUSED, why)
    payment.details = {k: v for k, v in payment.details.items() if k != "leased_until"}
    budget.tell(unit, f"The {kind} payment of participant {participant_id} was refused: {why}")


def release_payment(unit: Unit, participant_id: int, kind: str, by: str) -> bool:
    """Have a held or refused payment sent after all, at the operator's word; say whether it was one."""
    payment = unit.work.payment(participant_id, kind)
    if payment is None or payment.status not in (HELD, REFUSED):
        return False
    _move(unit, payment, DUE, f"released by {by}")
    _have_paid(unit, payment)
    return True


def retry_payment(unit: Unit, participant_id: int, kind: str) -> bool:
    """Have a payment that hangs tried again at once; say whether it was one."""
    payment = unit.work.payment(participant_id, kind)
    if payment is None or payment.status not in (DUE, SENDING):
        return False
    _have_paid(unit, payment)
    return True


def _move(unit: Unit, payment: Payment, status: str, why: str) -> None:
    payment.status = status
    _keep_history(unit, payment, why)


def _keep_history(unit: Unit, payment: Payment, why: str) -> None:
    moves = [*payment.details.get("moves", []), {"to": payment.status, "at": iso(unit.now), "why": why}]
    payment.details = {**payment.details, "moves": moves[-50:]}
