"""What is owed, and that it is paid once: the ledger.

One record for each participant and kind, put only if it isn't there. It moves from due to sending to
paid (or refused, or held for the operator's word), each move in a commit of its own that keeps who, when
and why. Between sending and paid lies the recruiter's call, with a token that is the same each time; a
later try looks first whether the earlier one happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from chalicelib.messages import SendPayment
from chalicelib.model.errors import ExperimentError, NotSettled
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso, moment
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
LEASE_ENDS = "leased_until"
#: Payments that a vendor may show with the assignment as an amount and no more: two of one amount go one
#: after the other, so late that the first is surely shown.
SHOWN_ALIKE = (BONUS, COMPENSATION)
APART = timedelta(minutes=20)
#: When a payment was last begun to be sent, and how often; a try that only looked doesn't count.
SENT_AT, SENDS = "sent_at", "sends"
#: After so many that nobody could tell of, the operator is needed.
MOST_SENDS = 12
#: Who moves payments on, where the operator doesn't.
PLATFORM, OPERATOR = "petri", "operator"
MOST_MOVES = 60
LONGEST_WHY = 1000


def in_cents(amount: Any, what: str) -> Decimal:
    """Return an amount in dollars as whole cents; ExperimentError for what is no sum of money."""
    try:
        dollars = Decimal(str(amount))
    except InvalidOperation as error:
        raise ExperimentError(f"{what} must be a number of dollars, not {amount!r}.") from error
    if not dollars.is_finite() or abs(dollars) > MOST:
        raise ExperimentError(f"{what} must lie between 0 and {MOST} dollars, not {amount!r}.")
    # Rounded first: what floats leave of zero, such as -5e-17, is zero.
    cents = dollars.quantize(CENT, ROUND_HALF_UP)
    if cents < 0:
        raise ExperimentError(f"{what} must lie between 0 and {MOST} dollars, not {amount!r}.")
    return abs(cents)


def owe(
    unit: Unit, participant: Participant, kind: str, amount: Decimal, reason: str, by: str = PLATFORM
) -> Payment | None:
    """Put a sum into the ledger, unless its kind is there already, and have it paid after the commit.

    A bonus above the hard cap is held for the operator's word; base pay never is. Returns the record, or
    None when nothing was put.
    """
    if amount < CENT or unit.work.payment(participant.id, kind) is not None:
        return None
    payment = Payment(participant.id, kind, amount, reason)
    unit.work.save(payment)
    cost = budget.cost_of(unit, participant.recruiter, amount)
    is_held = kind == BONUS and budget.is_above(unit, cost, participant)
    budget.note_owed(unit, cost, participant, is_last=kind != BASE or participant.status != "submitted")
    if is_held:
        move(unit, payment, HELD, "hard_cap is reached", by)
        budget.tell(
            unit,
            f"A bonus of {unit.money(amount)} for participant {participant.id} is held, since hard_cap is "
            f"reached. Have it paid with: petri payments release --participant {participant.id}",
        )
    else:
        move(unit, payment, DUE, reason, by)
        have_paid(unit, payment, recruiter=participant.recruiter)
        _begin_at_once(unit, payment, participant)
    return payment


def _begin_at_once(unit: Unit, payment: Payment, participant: Participant) -> None:
    """Begin a payment in the commit that owes it, for the consumer that sends it right after that commit.

    If the consumer ends before it has sent it, the payment's message finds that it may have been sent.
    """
    if not unit.sends_payments or unit.recruiters.in_hot_air(participant.recruiter) is not None:
        return
    if _until_apart(unit, payment) is None:
        unit.begun_payments[participant.id, payment.kind] = _begin(unit, payment)


def have_paid(unit: Unit, payment: Payment, due: datetime | None = None, recruiter: str = "") -> None:
    """Have a payment sent after the commit, at the earliest when due; `recruiter`: whose, where known."""
    unit.work.post(SendPayment(payment.participant_id, payment.kind, recruiter), due=due)


def owe_base(unit: Unit, participant: Participant) -> Payment | None:
    """Base pay: owed to everybody who did not break off by themselves."""
    amount = in_cents(unit.config.get("base_payment") or 0, "base_payment")
    participant.base_pay = amount
    return owe(unit, participant, BASE, amount, "base pay")


def begin_payment(unit: Unit, participant_id: int, kind: str) -> Transfer | None:
    """Move a payment to sending and say what to send; None when nothing is to be sent (now).

    While another worker has the payment, it is looked at again when that one's time is up, and after
    another sum that can't be told from it, when that one is surely shown.
    """
    payment = unit.work.payment(participant_id, kind)
    if payment is None or payment.status not in (DUE, SENDING):
        return None
    until = leased_until(unit, payment) or _until_apart(unit, payment)
    if until is not None:
        have_paid(unit, payment, due=until)
        return None
    return _begin(unit, payment)


def _begin(unit: Unit, payment: Payment) -> Transfer:
    transfer = transfer_of(unit, payment)
    move(unit, payment, SENDING, "tried again" if transfer.is_retry else "sent")
    payment.details = {**payment.details, LEASE_ENDS: iso(unit.now + LEASE)}
    if not transfer.is_retry:
        _count_as_sent(unit, payment)
    return transfer


def note_sent_again(unit: Unit, participant_id: int, kind: str) -> None:
    """Note that a payment, which was looked for and isn't there, is about to be sent once more."""
    payment = unit.work.payment(participant_id, kind)
    if payment is not None and payment.status == SENDING:
        _count_as_sent(unit, payment)


def _count_as_sent(unit: Unit, payment: Payment) -> None:
    sends = int(payment.details.get(SENDS, 0)) + 1
    payment.details = {**payment.details, SENT_AT: iso(unit.now), SENDS: sends}


def was_sent_too_often(unit: Unit, participant_id: int, kind: str) -> bool:
    """Whether a payment was sent so often, and nobody could tell of it, that the operator is needed."""
    payment = unit.work.payment(participant_id, kind)
    return payment is not None and int(payment.details.get(SENDS, 0)) >= MOST_SENDS


def look_again(unit: Unit, participant_id: int, kind: str, error: NotSettled) -> None:
    """Have a payment looked for again when its recruiter can tell of it; nobody tries before."""
    payment = unit.work.payment(participant_id, kind)
    if payment is None or payment.status != SENDING:
        return
    move(unit, payment, SENDING, str(error))
    payment.details = {**payment.details, LEASE_ENDS: iso(error.again)}
    have_paid(unit, payment, due=error.again)


def leased_until(unit: Unit, payment: Payment) -> datetime | None:
    """Return until when another worker has a payment to itself; None when nobody has."""
    until = moment(payment.details.get(LEASE_ENDS))
    return until if until is not None and until > unit.now else None


def _until_apart(unit: Unit, payment: Payment) -> datetime | None:
    """Return until when a payment that wasn't begun has to wait for one that looks like it."""
    if payment.status != DUE:
        return None
    for other in _alike(unit, payment):
        # Part of this commit, so that never both begin at one moment.
        unit.work.save(other)
        since = moment(moves_of(other)[-1]["at"]) if moves_of(other) else None
        if other.status == SENDING:
            return unit.now + APART
        if other.status == PAID and since is not None and since + APART > unit.now:
            return since + APART
    return None


def _alike(unit: Unit, payment: Payment) -> Iterator[Payment]:
    """The participant's other payments that a vendor may not be able to tell from this one."""
    if payment.kind not in SHOWN_ALIKE:
        return
    for kind in SHOWN_ALIKE:
        other = None if kind == payment.kind else unit.work.payment(payment.participant_id, kind)
        if other is not None and other.amount == payment.amount:
            yield other


def _alike_sent_at(unit: Unit, payment: Payment) -> datetime | None:
    sent = [moment(other.details.get(SENT_AT)) for other in _alike(unit, payment) if other.status == PAID]
    return next((at for at in sent if at is not None), None)


def transfer_of(unit: Unit, payment: Payment) -> Transfer:
    """Return a payment as its recruiter has to make it."""
    participant = unit.work.participant(payment.participant_id)
    tries = [each for each in moves_of(payment) if each["to"] == SENDING]
    return Transfer(
        recruiter=participant.recruiter,
        participant_id=participant.id,
        assignment_id=participant.assignment_id,
        worker_id=participant.worker_id,
        hit_id=participant.hit_id,
        kind=payment.kind,
        amount=payment.amount,
        reason=payment.reason or "",
        token=f"{unit.app_id}-{participant.id}-{payment.kind}",
        reference=payment.recruiter_reference,
        is_retry=bool(tries),
        tried_at=moment(payment.details.get(SENT_AT)),
        alike_sent_at=_alike_sent_at(unit, payment),
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
        move(unit, payment, SENDING, why)


def settle_payment(unit: Unit, participant_id: int, kind: str, reference: str) -> None:
    """Note that a payment has been made."""
    payment = unit.work.payment(participant_id, kind)
    if payment is not None and payment.status == SENDING:
        mark_paid(unit, payment, reference, "the recruiter has paid")


def pay_in_hot_air(unit: Unit, participant_id: int, kind: str, pay: Callable[[Transfer], str]) -> None:
    """Begin and settle a payment in one commit: `pay` calls nobody, so nothing can happen in between."""
    transfer = begin_payment(unit, participant_id, kind)
    if transfer is not None:
        settle_payment(unit, participant_id, kind, pay(transfer))


def mark_paid(unit: Unit, payment: Payment, reference: str, why: str, by: str = PLATFORM) -> None:
    """Move a payment to paid, with the recruiter's reference."""
    payment.recruiter_reference = reference
    payment.sent_time = unit.now
    move(unit, payment, PAID, why, by)


def refuse_payment(unit: Unit, participant_id: int, kind: str, why: str) -> None:
    """Note that the recruiter refused a payment for good, and tell the operator."""
    payment = unit.work.payment(participant_id, kind)
    if payment is None or payment.status != SENDING:
        return
    move(unit, payment, REFUSED, why)
    budget.tell(
        unit,
        f"The {kind} payment of participant {participant_id} was refused: {why} When its cause is mended, "
        f"have it paid with: petri payments release --participant {participant_id}",
    )


def move(unit: Unit, payment: Payment, status: str, why: str, by: str = PLATFORM) -> None:
    """Move a payment on and note to what, when, who did so, why, how much, and the recruiter's reference.

    Whoever had the payment to itself has it no more.
    """
    payment.status = status
    noted = {
        "to": status,
        "at": iso(unit.now),
        "by": by,
        "why": why[:LONGEST_WHY],
        "amount": str(payment.amount),
        "reference": payment.recruiter_reference,
    }
    kept = {name: value for name, value in payment.details.items() if name != LEASE_ENDS}
    payment.details = {**kept, "moves": shortened([*moves_of(payment), noted])}


def moves_of(payment: Payment) -> list[dict[str, Any]]:
    """Return how a payment has moved so far, oldest first."""
    moves: list[dict[str, Any]] = payment.details.get("moves", [])
    return moves


def shortened(moves: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out the middle of a very long story: an item has an end."""
    half = MOST_MOVES // 2
    return moves if len(moves) <= MOST_MOVES else [*moves[:half], *moves[-half:]]
