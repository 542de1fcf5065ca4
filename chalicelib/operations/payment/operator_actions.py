"""What the operator sees of the ledger and does about it: list, retry, release, reconcile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.model import keys
from chalicelib.model.record import moment
from chalicelib.model.run_records import DUE, HELD, PAID, REFUSED, SENDING, Payment
from chalicelib.operations.recruitment.recruitment import recruiter_state_of
from chalicelib.operations.shared.context import Context
from chalicelib.ports import Transfer

from .ledger import (
    BASE,
    BONUS,
    COMPENSATION,
    OPERATOR,
    SCREEN_OUT,
    enqueue_payment,
    leased_until,
    mark_paid,
    record_transition,
    transfer_of,
    transitions_of,
)

KINDS = (BASE, BONUS, COMPENSATION, SCREEN_OUT)
STATUSES = (DUE, SENDING, PAID, REFUSED, HELD)
#: A payment that isn't settled after this time isn't on its ordinary way any more.
STUCK_AFTER = timedelta(minutes=10)
#: Participants whose payments are read in one call.
READ_BATCH = 500


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """Which payments are meant; None: of any."""

    status: str | None = None
    participant_id: int | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentEntry:
    """One payment, as the operator sees it."""

    participant_id: int
    worker_id: str
    recruiter: str
    kind: str
    amount: Decimal
    status: str
    #: When it came to this status.
    since: datetime | None
    reference: str | None
    #: Why it moved last.
    reason: str
    #: Whether it isn't settled, and nobody is at it.
    is_stuck: bool


@dataclass(frozen=True, slots=True)
class PaymentQuery:
    """What a recruiter is asked about one payment, so that books can be compared."""

    entry: PaymentEntry
    transfer: Transfer
    recruiter_state: dict[str, Any]


def list_payments(ctx: Context, wanted: PaymentFilter) -> list[PaymentEntry]:
    """Return the payments that are meant, by participant and kind; NotFound for nobody's."""
    return [_entry(ctx, payment) for payment in _payments(ctx, wanted)]


def list_payment_queries(ctx: Context, wanted: PaymentFilter) -> list[PaymentQuery]:
    """Return what is to be asked of recruiters about the payments that are meant."""
    entries = ((_entry(ctx, payment), transfer_of(ctx, payment)) for payment in _payments(ctx, wanted))
    return [
        PaymentQuery(entry, transfer, recruiter_state_of(ctx, entry.recruiter)) for entry, transfer in entries
    ]


def release_payment(ctx: Context, participant_id: int, kind: str) -> bool:
    """Have a held or refused payment sent after all, at the operator's word; say whether it was one."""
    payment = ctx.uow.payment(participant_id, kind)
    if payment is None or payment.status not in (HELD, REFUSED):
        return False
    record_transition(ctx, payment, DUE, "released", OPERATOR)
    enqueue_payment(ctx, payment)
    return True


def retry_payment(ctx: Context, participant_id: int, kind: str) -> bool:
    """Have a payment that hangs tried again at once; say whether it was one."""
    payment = ctx.uow.payment(participant_id, kind)
    if payment is None or not _can_retry(ctx, payment):
        return False
    record_transition(ctx, payment, payment.status, "to be tried again", OPERATOR)
    enqueue_payment(ctx, payment)
    return True


def record_found_payment(ctx: Context, participant_id: int, kind: str, reference: str) -> bool:
    """Note that a payment was found in the recruiter's books; say whether that was news."""
    payment = ctx.uow.payment(participant_id, kind)
    if payment is None or payment.status == PAID or leased_until(ctx, payment) is not None:
        return False
    mark_paid(ctx, payment, reference, "found in the recruiter's books", OPERATOR)
    return True


def _payments(ctx: Context, wanted: PaymentFilter) -> Iterator[Payment]:
    for participant_id, kinds in _ledger_keys(ctx, wanted):
        for kind in kinds:
            payment = ctx.uow.payment(participant_id, kind)
            if payment is not None and wanted.status in (None, payment.status):
                yield payment


def _ledger_keys(ctx: Context, wanted: PaymentFilter) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Name the places in the ledger that may hold what is meant; they are read many at a time."""
    kinds = KINDS if wanted.kind is None else (wanted.kind,)
    if wanted.participant_id is not None:
        yield ctx.uow.participant(wanted.participant_id).id, kinds
        return
    ids = ctx.uow.participant_ids()
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
            yield one, kinds


def _can_retry(ctx: Context, payment: Payment) -> bool:
    return payment.status in (DUE, SENDING) and leased_until(ctx, payment) is None


def _entry(ctx: Context, payment: Payment) -> PaymentEntry:
    participant = ctx.uow.participant(payment.participant_id)
    moves = transitions_of(payment)
    since = _since(payment)
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


def _since(payment: Payment) -> datetime | None:
    """When a payment came to its status; None for one that was loaded without its story."""
    since = None
    for each in reversed(transitions_of(payment)):
        if each["to"] != payment.status:
            break
        since = each["at"]
    return moment(since)
