"""The ledger: records each payment that is owed, and sends it once.

The ledger has one record for each participant and kind, written only if it doesn't exist. It is a state
machine: a payment moves from due to sending to paid (or refused, or held until the operator releases it),
each transition in a commit of its own that records who, when and why. Between sending and paid lies the
recruiter's call, with an idempotency token; a retry first checks whether an earlier attempt has paid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from chalicelib.errors import ExperimentError, NotSettled
from chalicelib.messages import SendPayment
from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso, moment
from chalicelib.model.run_records import (
    BASE,
    BONUS,
    COMPENSATION,
    KINDS,
    LEASE_ENDS,
    Payment,
    payment_kinds,
    transitions_of,
    visit_of,
)
from chalicelib.model.statuses import PAYMENT_IN_PROGRESS, ParticipantStatus, PaymentStatus
from chalicelib.operations.recruitment import budget
from chalicelib.operations.recruitment.stops import ALL_HELD, are_payments_held
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import notify_operator
from chalicelib.ports import Transfer

CENT = Decimal("0.01")
#: An amount above this is treated as a mistake: MTurk accepts no bonus above 10,000 dollars.
MAX_AMOUNT = Decimal(10_000)
#: How long one worker process holds the lease of a payment: longer than a call to a recruiter takes.
LEASE = timedelta(minutes=2)
#: Payments that a vendor may list by their amount alone: two of one amount are sent one after the other, late
#: enough that the vendor lists the first.
INDISTINGUISHABLE_KINDS = (BONUS, COMPENSATION)
MIN_SPACING = timedelta(minutes=20)
#: When a payment was last sent, and how often; a retry that only looked for it doesn't count.
SENT_AT, SENDS = "sent_at", "sends"
#: After this many sends with an unknown outcome, the operator has to decide.
MAX_SENDS = 12
#: The actor of a transition: Petri or the operator.
PLATFORM, OPERATOR = "petri", "operator"
MAX_TRANSITIONS = 60
MAX_REASON_LENGTH = 1000


def to_cents(amount: Any, what: str) -> Decimal:
    """Return an amount in dollars as whole cents; ExperimentError for an invalid amount."""
    try:
        dollars = Decimal(str(amount))
    except InvalidOperation as error:
        raise ExperimentError(f"{what} must be a number of dollars, not {amount!r}.") from error
    if not dollars.is_finite() or abs(dollars) > MAX_AMOUNT:
        raise ExperimentError(f"{what} must lie between 0 and {MAX_AMOUNT} dollars, not {amount!r}.")
    # Rounded first, so that a float's rounding error, such as -5e-17, becomes zero.
    cents = dollars.quantize(CENT, ROUND_HALF_UP)
    if cents < 0:
        raise ExperimentError(f"{what} must lie between 0 and {MAX_AMOUNT} dollars, not {amount!r}.")
    return abs(cents)


def setting_in_cents(ctx: Context, name: str) -> Decimal:
    """Return an amount that the configuration sets, in dollars, as whole cents."""
    return to_cents(getattr(ctx.settings, name), name)


def record_debt(
    ctx: Context, participant: Participant, kind: str, amount: Decimal, reason: str, by: str = PLATFORM
) -> Payment | None:
    """Record a payment, unless one of its kind exists already, and send it after the commit.

    A bonus or the pay of a later session above the hard cap is held until the operator releases it; base pay
    never is. Returns the record, or None when none was written.
    """
    if _is_nothing(ctx, participant, kind, amount) or ctx.uow.payment(participant.id, kind) is not None:
        return None
    payment = Payment(participant.id, kind, amount, reason)
    ctx.uow.save(payment)
    cost = budget.cost_with_fee(ctx, participant.recruiter, amount)
    is_session = visit_of(kind) is not None
    is_held = (kind == BONUS or is_session) and budget.exceeds_hard_cap(ctx, cost, participant)
    budget.add_to_owed(
        ctx, cost, participant, is_last=kind != BASE or participant.status != ParticipantStatus.SUBMITTED
    )
    if are_payments_held(ctx):
        record_transition(ctx, payment, PaymentStatus.HELD, ALL_HELD, by)
    elif is_held:
        record_transition(ctx, payment, PaymentStatus.HELD, "hard_cap is reached", by)
        what = f"The {kind} payment" if is_session else "A bonus"
        notify_operator(
            ctx,
            f"{what} of {ctx.money(amount)} for participant {participant.id} is held, because hard_cap "
            f"is reached. To pay it, run: petri payments release --participant {participant.id}",
        )
    else:
        record_transition(ctx, payment, PaymentStatus.DUE, reason, by)
        enqueue_payment(ctx, payment, recruiter=participant.recruiter)
        _begin_at_once(ctx, payment, participant)
    return payment


def _is_nothing(ctx: Context, participant: Participant, kind: str, amount: Decimal) -> bool:
    """Whether there is nothing to send: neither money nor credit."""
    is_credit = kind == BASE and ctx.recruiters.capabilities(participant.recruiter).grants_credit
    return amount < CENT and not is_credit


def _begin_at_once(ctx: Context, payment: Payment, participant: Participant) -> None:
    """Begin a payment in the commit that records it, for the consumer that sends it right after that commit.

    If the consumer ends before that, the payment's message finds that it may have been sent.
    """
    if not ctx.sends_payments or ctx.recruiters.capabilities(participant.recruiter).is_simulated:
        return
    if _spacing_ends_at(ctx, payment) is None:
        ctx.begun_payments[participant.id, payment.kind] = _begin(ctx, payment)


def enqueue_payment(ctx: Context, payment: Payment, due: datetime | None = None, recruiter: str = "") -> None:
    """Enqueue a payment to be sent after the commit, when it is due; `recruiter`: its recruiter, if known."""
    ctx.uow.post(SendPayment(payment.participant_id, payment.kind, recruiter), due=due)


def record_base_pay(ctx: Context, participant: Participant) -> Payment | None:
    """Record base pay, which every participant is owed who didn't leave by themselves."""
    amount = setting_in_cents(ctx, "base_payment")
    participant.base_pay = amount
    return record_debt(ctx, participant, BASE, amount, "base pay")


def begin_payment(ctx: Context, participant_id: int, kind: str) -> Transfer | None:
    """Move a payment to sending and return the transfer; None when there is nothing to send now.

    While another worker process holds the lease, the payment is enqueued for the lease's end; after an
    indistinguishable payment, for the time at which the vendor surely lists that one.
    """
    payment = ctx.uow.payment(participant_id, kind)
    if payment is None or payment.status not in PAYMENT_IN_PROGRESS:
        return None
    if payment.status == PaymentStatus.DUE and are_payments_held(ctx):
        record_transition(ctx, payment, PaymentStatus.HELD, ALL_HELD)
        return None
    until = leased_until(ctx, payment) or _spacing_ends_at(ctx, payment)
    if until is not None:
        enqueue_payment(ctx, payment, due=until)
        return None
    return _begin(ctx, payment)


def _begin(ctx: Context, payment: Payment) -> Transfer:
    transfer = transfer_of(ctx, payment)
    record_transition(ctx, payment, PaymentStatus.SENDING, "retried" if transfer.is_retry else "sent")
    payment.details = {**payment.details, LEASE_ENDS: iso(ctx.now + LEASE)}
    if not transfer.is_retry:
        _record_send(ctx, payment)
    return transfer


def record_resend(ctx: Context, participant_id: int, kind: str) -> None:
    """Record that a payment, which the recruiter doesn't list, is about to be sent again."""
    payment = ctx.uow.payment(participant_id, kind)
    if payment is not None and payment.status == PaymentStatus.SENDING:
        _record_send(ctx, payment)


def _record_send(ctx: Context, payment: Payment) -> None:
    sends = int(payment.details.get(SENDS, 0)) + 1
    payment.details = {**payment.details, SENT_AT: iso(ctx.now), SENDS: sends}


def attempts_exhausted(ctx: Context, participant_id: int, kind: str) -> bool:
    """Whether a payment was sent so often with an unknown outcome that the operator has to decide."""
    payment = ctx.uow.payment(participant_id, kind)
    return payment is not None and int(payment.details.get(SENDS, 0)) >= MAX_SENDS


def reschedule_payment(ctx: Context, participant_id: int, kind: str, error: NotSettled) -> None:
    """Enqueue a payment for the time at which its recruiter knows the outcome; no retry comes before."""
    payment = ctx.uow.payment(participant_id, kind)
    if payment is None or payment.status != PaymentStatus.SENDING:
        return
    record_transition(ctx, payment, PaymentStatus.SENDING, str(error))
    payment.details = {**payment.details, LEASE_ENDS: iso(error.again)}
    enqueue_payment(ctx, payment, due=error.again)


def leased_until(ctx: Context, payment: Payment) -> datetime | None:
    """Return until when a worker process holds the lease of a payment; None when none does."""
    until = moment(payment.details.get(LEASE_ENDS))
    return until if until is not None and until > ctx.now else None


def _spacing_ends_at(ctx: Context, payment: Payment) -> datetime | None:
    """Return until when a due payment has to wait for an indistinguishable one."""
    if payment.status != PaymentStatus.DUE:
        return None
    for other in _indistinguishable(ctx, payment):
        # Part of this commit, so that both never begin at once.
        ctx.uow.save(other)
        since = moment(transitions_of(other)[-1]["at"]) if transitions_of(other) else None
        if other.status == PaymentStatus.SENDING:
            return ctx.now + MIN_SPACING
        if other.status == PaymentStatus.PAID and since is not None and since + MIN_SPACING > ctx.now:
            return since + MIN_SPACING
    return None


def _indistinguishable(ctx: Context, payment: Payment) -> Iterator[Payment]:
    """Yield the participant's other payments that a vendor's list may not distinguish from this one."""
    participant = ctx.uow.participant(payment.participant_id)
    numbered = payment_kinds(participant.visit, participant.hand_bonuses)[len(KINDS) :]
    kinds = (*INDISTINGUISHABLE_KINDS, *numbered)
    if payment.kind not in kinds:
        return
    ctx.uow.prefetch(more=[keys.payment(payment.participant_id, kind) for kind in numbered])
    for kind in kinds:
        other = None if kind == payment.kind else ctx.uow.payment(payment.participant_id, kind)
        if other is not None and other.amount == payment.amount:
            yield other


def _indistinguishable_sent_at(ctx: Context, payment: Payment) -> datetime | None:
    sent = [
        moment(other.details.get(SENT_AT))
        for other in _indistinguishable(ctx, payment)
        if other.status == PaymentStatus.PAID
    ]
    return next((at for at in sent if at is not None), None)


def transfer_of(ctx: Context, payment: Payment) -> Transfer:
    """Return the transfer that the recruiter has to make for a payment."""
    participant = ctx.uow.participant(payment.participant_id)
    attempts = [each for each in transitions_of(payment) if each["to"] == PaymentStatus.SENDING]
    return Transfer(
        recruiter=participant.recruiter,
        participant_id=participant.id,
        assignment_id=participant.assignment_id,
        worker_id=participant.worker_id,
        hit_id=participant.hit_id,
        # A recruiter has one assignment for all visits: what later ones earn is a bonus on it.
        kind=payment.kind if payment.kind in KINDS else BONUS,
        amount=payment.amount,
        reason=payment.reason or "",
        token=f"{ctx.app_id}-{participant.id}-{payment.kind}",
        reference=payment.recruiter_reference,
        is_retry=bool(attempts),
        tried_at=moment(payment.details.get(SENT_AT)),
        indistinguishable_sent_at=_indistinguishable_sent_at(ctx, payment),
    )


def store_reference(ctx: Context, participant_id: int, kind: str, reference: str) -> None:
    """Store what the first of a vendor's two calls returned, before the second is made."""
    payment = ctx.uow.payment(participant_id, kind)
    if payment is not None and payment.status == PaymentStatus.SENDING:
        payment.recruiter_reference = reference


def record_unknown_outcome(ctx: Context, participant_id: int, kind: str, why: str) -> None:
    """Record that an attempt failed with an unknown outcome; the payment stays sending and is retried."""
    payment = ctx.uow.payment(participant_id, kind)
    if payment is not None and payment.status == PaymentStatus.SENDING:
        record_transition(ctx, payment, PaymentStatus.SENDING, why)


def settle_payment(ctx: Context, participant_id: int, kind: str, reference: str) -> None:
    """Record that a payment has been made."""
    payment = ctx.uow.payment(participant_id, kind)
    if payment is not None and payment.status == PaymentStatus.SENDING:
        mark_paid(ctx, payment, reference, "the recruiter has paid")


def pay_simulated(ctx: Context, participant_id: int, kind: str, pay: Callable[[Transfer], str]) -> None:
    """Begin and settle a payment in one commit: `pay` makes no call, so nothing can fail in between."""
    transfer = begin_payment(ctx, participant_id, kind)
    if transfer is not None:
        settle_payment(ctx, participant_id, kind, pay(transfer))


def mark_paid(ctx: Context, payment: Payment, reference: str, why: str, by: str = PLATFORM) -> None:
    """Move a payment to paid, with the recruiter's reference."""
    payment.recruiter_reference = reference
    payment.sent_time = ctx.now
    record_transition(ctx, payment, PaymentStatus.PAID, why, by)


def refuse_payment(ctx: Context, participant_id: int, kind: str, why: str) -> None:
    """Record that the recruiter refused a payment for good, and notify the operator."""
    payment = ctx.uow.payment(participant_id, kind)
    if payment is None or payment.status != PaymentStatus.SENDING:
        return
    record_transition(ctx, payment, PaymentStatus.REFUSED, why)
    notify_operator(
        ctx,
        f"The {kind} payment of participant {participant_id} was refused: {why} When you have fixed the "
        f"cause, run: petri payments release --participant {participant_id}",
    )


def record_transition(
    ctx: Context, payment: Payment, status: PaymentStatus, why: str, by: str = PLATFORM
) -> None:
    """Set a payment's status and record the transition: when, by whom, why, the amount and the reference.

    A transition ends the lease of the payment.
    """
    payment.change_status(status)
    transition = {
        "to": status.value,
        "at": iso(ctx.now),
        "by": by,
        "why": why[:MAX_REASON_LENGTH],
        "amount": str(payment.amount),
        "reference": payment.recruiter_reference,
    }
    details = {name: value for name, value in payment.details.items() if name != LEASE_ENDS}
    payment.details = {**details, "moves": truncate_transitions([*transitions_of(payment), transition])}


def truncate_transitions(moves: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Drop the middle of a very long list of transitions: an item's size is limited."""
    half = MAX_TRANSITIONS // 2
    return moves if len(moves) <= MAX_TRANSITIONS else [*moves[:half], *moves[-half:]]
