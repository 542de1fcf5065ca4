"""Summarizes a participant's pay for their page, from what the server has recorded."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from chalicelib.currency import currency_of
from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.model.run_records import BASE, BONUS, SCREEN_OUT, visit_kind
from chalicelib.model.statuses import (
    EXPECTED_VISITS,
    PAID_VISITS,
    UNPAID,
    ParticipantStatus,
    PaymentStatus,
    VisitStatus,
)
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study

from .ledger import setting_in_cents, to_cents

if TYPE_CHECKING:
    from chalicelib.study.study_records import VisitRecord


def is_entitled(participant: Participant) -> bool:
    """Whether the participant's status entitles them to base pay (or the screen-out fee)."""
    return participant.status not in UNPAID


def pay_summary(ctx: Context, participant: Participant) -> dict[str, Any]:
    """Return what the participant gets, in which currency, and whether it has been sent.

    `base` and `bonus` are amounts, null while unknown; `recorded` says whether the ledger has a payment,
    `sent` whether all its payments have been sent. `sessions` lists the later sessions of a study that are
    paid, and the one that may still be.
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
        "sessions": _pay_of_visits(ctx, participant),
    }


def _pay_of_visits(ctx: Context, participant: Participant) -> list[dict[str, Any]]:
    """Return what a participant gets for each visit after the first; visits that pay nothing are left out."""
    study, numbers = as_study(ctx.experiment), range(2, participant.visit + 1)
    if study is None or not numbers:
        return []
    kinds = [(keys.visit(participant.id, n), keys.payment(participant.id, visit_kind(n))) for n in numbers]
    ctx.uow.prefetch(more=[key for pair in kinds for key in pair])
    visits = (study.session.find_visit(participant.id, number) for number in numbers)
    return [
        _pay_of_visit(ctx, visit)
        for visit in visits
        if visit is not None and visit.status in EXPECTED_VISITS | PAID_VISITS
    ]


def _pay_of_visit(ctx: Context, visit: VisitRecord) -> dict[str, Any]:
    """Return the pay of one visit; while it may still be begun, `opens_at` and `closes_at` say when."""
    payment = ctx.uow.payment(visit.participant_id, visit_kind(visit.number))
    is_waiting = visit.status == VisitStatus.WAITING
    return {
        "session": visit.session,
        "status": visit.status,
        "amount": promised_pay(ctx, visit) if payment is None else payment.amount,
        "recorded": payment is not None,
        "sent": payment is not None and payment.status == PaymentStatus.PAID,
        "opens_at": visit.opens_at if is_waiting else None,
        "closes_at": visit.closes_at if is_waiting else None,
    }


def promised_pay(ctx: Context, visit: VisitRecord) -> Decimal:
    """Return what a visit pays besides the bonus for it."""
    if visit.status == VisitStatus.SCREENED_OUT:
        return setting_in_cents(ctx, "screen_out_payment")
    return to_cents(visit.pay, f"the pay of session {visit.session!r}")
