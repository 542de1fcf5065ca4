"""Bonuses by hand and compensations: each is a payment of its own, within the hard cap."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from chalicelib.errors import InvalidState
from chalicelib.model.participant import HAND_BONUSES, Participant
from chalicelib.model.run_records import COMPENSATION, hand_bonus_kind
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.payment.compensation import REASON
from chalicelib.operations.payment.ledger import CENT, record_debt, setting_in_cents
from chalicelib.operations.recruitment import budget
from chalicelib.operations.shared.context import Context

from .managed_payments import PaymentDetail, payment_detail
from .participant_actions import actor_name, participant_named

#: The most bonuses that one participant can be given by hand.
MAX_HAND_BONUSES: Final = 50
#: Without a submission, a recruiter has nothing on which it could pay a bonus.
_HAS_NO_ASSIGNMENT: Final = frozenset({ParticipantStatus.WORKING})


def give_bonus(ctx: Context, participant_id: str, amount: Decimal, reason: str) -> PaymentDetail:
    """Give a participant a bonus by hand, and send it once; they can have several.

    InvalidState above max_bonus or the hard cap, and before the participant has submitted.
    """
    participant = participant_named(ctx, participant_id)
    if participant.status in _HAS_NO_ASSIGNMENT:
        raise InvalidState(f"Participant {participant.id} hasn't submitted yet; give the bonus afterwards.")
    if ctx.settings.max_bonus is not None and amount > setting_in_cents(ctx, "max_bonus"):
        raise InvalidState(
            f"{ctx.money(amount)} is above max_bonus, {ctx.money(setting_in_cents(ctx, 'max_bonus'))}."
        )
    number = participant.hand_bonuses + 1
    if number > MAX_HAND_BONUSES:
        raise InvalidState(f"Participant {participant.id} has {MAX_HAND_BONUSES} bonuses by hand, the most.")
    participant.details = {**participant.details, HAND_BONUSES: number}
    return _owe(ctx, participant, hand_bonus_kind(number), amount, reason)


def compensate_participant(ctx: Context, participant_id: str, amount: Decimal, reason: str) -> PaymentDetail:
    """Compensate a participant, once; InvalidState above the hard cap."""
    participant = participant_named(ctx, participant_id)
    existing = ctx.uow.payment(participant.id, COMPENSATION)
    if existing is not None:
        raise InvalidState(
            f"Participant {participant.id} has a compensation of {ctx.money(existing.amount)} already, which "
            f"is {existing.status}; each participant can have one."
        )
    return _owe(ctx, participant, COMPENSATION, amount, reason or REASON)


def _owe(ctx: Context, participant: Participant, kind: str, amount: Decimal, reason: str) -> PaymentDetail:
    if amount < CENT:
        raise InvalidState("The amount must be at least 0.01.")
    cost = budget.cost_with_fee(ctx, participant.recruiter, amount)
    if budget.has_no_room_for(ctx, cost):
        raise InvalidState(f"{ctx.money(amount)} would exceed hard_cap, given what is owed and reserved.")
    payment = record_debt(ctx, participant, kind, amount, reason, actor_name(ctx))
    if payment is None:
        raise InvalidState(f"Participant {participant.id} has a payment of the kind {kind} already.")
    return payment_detail(ctx, payment)
