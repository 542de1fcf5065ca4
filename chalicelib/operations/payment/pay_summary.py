"""Summarizes a participant's pay for their page, from what the server has recorded."""

from __future__ import annotations

from typing import Any

from chalicelib.currency import currency_of
from chalicelib.model.participant import Participant
from chalicelib.model.run_records import BASE, BONUS, SCREEN_OUT
from chalicelib.model.statuses import UNPAID, ParticipantStatus, PaymentStatus
from chalicelib.operations.shared.context import Context

from .ledger import setting_in_cents


def is_entitled(participant: Participant) -> bool:
    """Whether the participant's status entitles them to base pay (or the screen-out fee)."""
    return participant.status not in UNPAID


def pay_summary(ctx: Context, participant: Participant) -> dict[str, Any]:
    """Return what the participant gets, in which currency, and whether it has been sent.

    `base` and `bonus` are amounts, null while unknown; `recorded` says whether the ledger has a payment,
    `sent` whether all its payments have been sent.
    """
    is_out = participant.status == ParticipantStatus.SCREENED_OUT
    records = [ctx.uow.payment(participant.id, kind) for kind in (BASE, SCREEN_OUT, BONUS)]
    recorded = [payment for payment in records if payment is not None]
    base_debts = [payment for payment in recorded if payment.kind != BONUS]
    promised = setting_in_cents(ctx, "screen_out_payment" if is_out else "base_payment")
    base = sum(payment.amount for payment in base_debts) if base_debts else promised
    return {
        "currency": currency_of(ctx.config),
        "entitled": is_entitled(participant),
        "base": base if base_debts or is_entitled(participant) else None,
        "bonus": participant.bonus,
        "recorded": bool(recorded),
        "sent": bool(recorded) and all(payment.status == PaymentStatus.PAID for payment in recorded),
    }
