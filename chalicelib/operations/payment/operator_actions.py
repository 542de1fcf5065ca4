"""The operator's actions on the ledger: list, retry, release and reconcile payments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.access.rights import Right
from chalicelib.model import keys
from chalicelib.model.record import moment
from chalicelib.model.run_records import KINDS, Payment, payment_kinds, status_since, transitions_of
from chalicelib.model.statuses import PAYMENT_IN_PROGRESS, PAYMENT_STOPPED, PaymentStatus
from chalicelib.operations.recruitment.recruitment import recruiter_state_of
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.erased_ids import ERASED_AT
from chalicelib.ports import Transfer

from .ledger import (
    OPERATOR,
    enqueue_payment,
    leased_until,
    mark_paid,
    record_transition,
    transfer_of,
)

#: A payment that isn't settled after this time is stuck.
STUCK_AFTER = timedelta(minutes=10)
#: How many participants' payments are read in one call.
READ_BATCH = 500


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """Which payments to list; None matches all."""

    status: str | None = None
    participant_id: int | None = None
    kind: str | None = None
    #: The participants whose payments are listed.
    among: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class PaymentEntry:
    """One payment, as the operator sees it."""

    participant_id: int
    worker_id: str
    recruiter: str
    kind: str
    amount: Decimal
    status: str
    #: When it reached this status.
    since: datetime | None
    reference: str | None
    #: The reason of the last transition.
    reason: str
    #: Whether it is overdue, and no worker process holds its lease.
    is_stuck: bool


@dataclass(frozen=True, slots=True)
class PaymentQuery:
    """What to ask a recruiter about one payment, to reconcile the ledger with its records."""

    entry: PaymentEntry
    transfer: Transfer
    recruiter_state: dict[str, Any]


def list_payments(ctx: Context, payment_filter: PaymentFilter) -> list[PaymentEntry]:
    """Return the matching payments, by participant and kind; NotFound for an unknown participant.

    Worker ids are left out for actors who may not view personal data.
    """
    actor = require_right(ctx, Right.VIEW)
    entries = [payment_entry(ctx, payment) for payment in _payments(ctx, payment_filter)]
    if actor.may(Right.VIEW_PERSONAL_DATA):
        return entries
    return [replace(entry, worker_id="") for entry in entries]


def list_payment_queries(ctx: Context, payment_filter: PaymentFilter) -> list[PaymentQuery]:
    """Return the questions to recruiters about the matching payments.

    A recruiter doesn't know the pseudonym of a participant whose data were erased, so it isn't asked.
    """
    require_right(ctx, Right.PAY)
    entries = (
        (payment_entry(ctx, payment), transfer_of(ctx, payment))
        for payment in _payments(ctx, payment_filter)
        if ERASED_AT not in ctx.uow.participant(payment.participant_id).details
    )
    return [
        PaymentQuery(entry, transfer, recruiter_state_of(ctx, entry.recruiter)) for entry, transfer in entries
    ]


def release_payment(ctx: Context, participant_id: int, kind: str) -> bool:
    """Release a held or refused payment to be sent; False when it is neither."""
    require_right(ctx, Right.PAY)
    payment = ctx.uow.payment(participant_id, kind)
    if payment is None or payment.status not in PAYMENT_STOPPED:
        return False
    record_transition(ctx, payment, PaymentStatus.DUE, "released", OPERATOR)
    enqueue_payment(ctx, payment)
    return True


def retry_payment(ctx: Context, participant_id: int, kind: str) -> bool:
    """Retry an unsettled payment at once; False when it can't be retried."""
    require_right(ctx, Right.PAY)
    payment = ctx.uow.payment(participant_id, kind)
    if payment is None or not _can_retry(ctx, payment):
        return False
    record_transition(ctx, payment, PaymentStatus(payment.status), "to be retried", OPERATOR)
    enqueue_payment(ctx, payment)
    return True


def record_found_payment(ctx: Context, participant_id: int, kind: str, reference: str) -> bool:
    """Record that the recruiter's records list a payment; False when it was recorded before."""
    return resolve_payment(ctx, participant_id, kind, reference, "found in the recruiter's records")


def resolve_payment(ctx: Context, participant_id: int, kind: str, reference: str, why: str) -> bool:
    """Record that a payment was made without Petri; False when it is paid or being sent at this moment."""
    require_right(ctx, Right.PAY)
    payment = ctx.uow.payment(participant_id, kind)
    if payment is None or payment.status == PaymentStatus.PAID or leased_until(ctx, payment) is not None:
        return False
    mark_paid(ctx, payment, reference, why, OPERATOR)
    return True


def _payments(ctx: Context, payment_filter: PaymentFilter) -> Iterator[Payment]:
    for participant_id, kinds in _ledger_keys(ctx, payment_filter):
        for kind in kinds:
            payment = ctx.uow.payment(participant_id, kind)
            if payment is not None and payment_filter.status in (None, payment.status):
                yield payment


def _ledger_keys(ctx: Context, payment_filter: PaymentFilter) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the ledger's keys that may match; they are read in batches."""
    if payment_filter.participant_id is not None:
        yield _kinds_of(ctx, payment_filter.participant_id, payment_filter)
        return
    kinds = KINDS if payment_filter.kind is None else (payment_filter.kind,)
    ids = ctx.uow.participant_ids() if payment_filter.among is None else payment_filter.among
    for start in range(0, len(ids), READ_BATCH):
        some = ids[start : start + READ_BATCH]
        ctx.uow.prefetch(
            more=[
                key
                for one in some
                for key in (keys.participant(one), *(keys.payment(one, kind) for kind in kinds))
            ]
        )
        for one in some:
            yield _kinds_of(ctx, one, payment_filter)


def _kinds_of(
    ctx: Context, participant_id: int, payment_filter: PaymentFilter
) -> tuple[int, tuple[str, ...]]:
    participant = ctx.uow.participant(participant_id)
    chosen = payment_filter.kind
    return participant.id, payment_kinds(participant.visit, participant.hand_bonuses) if chosen is None else (
        chosen,
    )


def _can_retry(ctx: Context, payment: Payment) -> bool:
    return payment.status in PAYMENT_IN_PROGRESS and leased_until(ctx, payment) is None


def payment_entry(ctx: Context, payment: Payment) -> PaymentEntry:
    """Return a payment as the operator sees it."""
    participant = ctx.uow.participant(payment.participant_id)
    moves = transitions_of(payment)
    since = moment(status_since(payment.status, payment.details))
    return PaymentEntry(
        participant_id=participant.id,
        worker_id=participant.worker_id,
        recruiter=participant.recruiter,
        kind=payment.kind,
        amount=payment.amount,
        status=payment.status,
        since=since,
        reference=payment.recruiter_reference,
        reason=str(moves[-1]["why"]) if moves else payment.reason or "",
        is_stuck=_can_retry(ctx, payment) and (since is None or ctx.now - since >= STUCK_AFTER),
    )
