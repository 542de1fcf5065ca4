"""What a participant is told about their pay: only what the server knows."""

from __future__ import annotations

from typing import Any

from chalicelib.currency import currency_of
from chalicelib.model.participant import Participant
from chalicelib.operations.shared.context import Context

from .ledger import BASE, BONUS, SCREEN_OUT, to_cents

#: Nothing is owed by itself to participants with these statuses.
UNPAID_STATUSES = ("returned", "abandoned", "rejected", "replaced", "missing_notification")


def is_entitled(participant: Participant) -> bool:
    """Whether the participant gets base pay (or the screen-out fee) as things stand."""
    return participant.status not in UNPAID_STATUSES


def pay_summary(ctx: Context, participant: Participant) -> dict[str, Any]:
    """Return what the participant gets, in which currency, and how far it is.

    `base` and `bonus` are amounts, null while unknown; `recorded` says whether a payment stands in the
    ledger, `sent` whether all that do have been sent.
    """
    is_out = participant.status == "screened_out"
    records = [ctx.uow.payment(participant.id, kind) for kind in (BASE, SCREEN_OUT, BONUS)]
    recorded = [payment for payment in records if payment is not None]
    fixed = [payment for payment in recorded if payment.kind != BONUS]
    promised = ctx.config.get("screen_out_payment" if is_out else "base_payment") or 0
    base = sum(payment.amount for payment in fixed) if fixed else to_cents(promised, "base_payment")
    return {
        "currency": currency_of(ctx.config),
        "entitled": is_entitled(participant),
        "base": base if fixed or is_entitled(participant) else None,
        "bonus": participant.bonus,
        "recorded": bool(recorded),
        "sent": bool(recorded) and all(payment.status == "paid" for payment in recorded),
    }
