"""What the operator sees of the ledger and does about it: list, retry, release, reconcile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.model.record import moment
from chalicelib.model.reports import DUE, HELD, PAID, REFUSED, SENDING, Payment
from chalicelib.ports import Transfer

from .money import (
    BASE,
    BONUS,
    COMPENSATION,
    OPERATOR,
    SCREEN_OUT,
    have_paid,
    leased_until,
    mark_paid,
    move,
    moves_of,
    transfer_of,
)
from .recruitment import facts_of
from .unit import Unit

KINDS = (BASE, BONUS, COMPENSATION, SCREEN_OUT)
STATUSES = (DUE, SENDING, PAID, REFUSED, HELD)
#: A payment that isn't settled after this time isn't on its ordinary way any more.
HANGS_AFTER = timedelta(minutes=10)
#: Participants whose payments are read in one call.
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which payments are meant; None: of any."""

    status: str | None = None
    participant_id: int | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
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
    hangs: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What a recruiter is asked about one payment, so that books can be compared."""

    entry: Entry
    transfer: Transfer
    facts: dict[str, Any]


def list_payments(unit: Unit, wanted: Wanted) -> list[Entry]:
    """Return the payments that are meant, by participant and kind; NotFound for nobody's."""
    return [_entry(unit, payment) for payment in _payments(unit, wanted)]


def list_questions(unit: Unit, wanted: Wanted) -> list[Question]:
    """Return what is to be asked of recruiters about the payments that are meant."""
    entries = ((_entry(unit, payment), transfer_of(unit, payment)) for payment in _payments(unit, wanted))
    return [Question(entry, transfer, facts_of(unit, entry.recruiter)) for entry, transfer in entries]


def release_payment(unit: Unit, participant_id: int, kind: str) -> bool:
    """Have a held or refused payment sent after all, at the operator's word; say whether it was one."""
    payment = unit.work.payment(participant_id, kind)
    if payment is None or payment.status not in (HELD, REFUSED):
        return False
    move(unit, payment, DUE, "released", OPERATOR)
    have_paid(unit, payment)
    return True


def retry_payment(unit: Unit, participant_id: int, kind: str) -> bool:
    """Have a payment that hangs tried again at once; say whether it was one."""
    payment = unit.work.payment(participant_id, kind)
    if payment is None or not _may_be_tried(unit, payment):
        return False
    move(unit, payment, payment.status, "to be tried again", OPERATOR)
    have_paid(unit, payment)
    return True


def settle_found(unit: Unit, participant_id: int, kind: str, reference: str) -> bool:
    """Note that a payment was found in the recruiter's books; say whether that was news."""
    payment = unit.work.payment(participant_id, kind)
    if payment is None or payment.status == PAID or leased_until(unit, payment) is not None:
        return False
    mark_paid(unit, payment, reference, "found in the recruiter's books", OPERATOR)
    return True


def _payments(unit: Unit, wanted: Wanted) -> Iterator[Payment]:
    for participant_id, kinds in _places(unit, wanted):
        for kind in kinds:
            payment = unit.work.payment(participant_id, kind)
            if payment is not None and wanted.status in (None, payment.status):
                yield payment


def _places(unit: Unit, wanted: Wanted) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Name the places in the ledger that may hold what is meant; they are read many at a time."""
    kinds = KINDS if wanted.kind is None else (wanted.kind,)
    if wanted.participant_id is not None:
        yield unit.work.participant(wanted.participant_id).id, kinds
        return
    ids = unit.work.participant_ids()
    parts = ("#", *(f"payment#{kind}" for kind in kinds))
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        unit.work.prefetch(more=[(f"part#{one}", part) for one in some for part in parts])
        for one in some:
            yield one, kinds


def _may_be_tried(unit: Unit, payment: Payment) -> bool:
    return payment.status in (DUE, SENDING) and leased_until(unit, payment) is None


def _entry(unit: Unit, payment: Payment) -> Entry:
    participant = unit.work.participant(payment.participant_id)
    moves = moves_of(payment)
    since = _since(payment)
    return Entry(
        participant_id=participant.id,
        worker_id=participant.worker_id,
        recruiter=participant.recruiter,
        kind=payment.kind,
        amount=payment.amount,
        status=payment.status,
        since=since,
        reference=payment.recruiter_reference,
        reason=str(moves[-1]["why"]) if moves else payment.reason or "",
        hangs=_may_be_tried(unit, payment) and (since is None or unit.now - since >= HANGS_AFTER),
    )


def _since(payment: Payment) -> datetime | None:
    """When a payment came to its status; None for one that was loaded without its story."""
    since = None
    for each in reversed(moves_of(payment)):
        if each["to"] != payment.status:
            break
        since = each["at"]
    return moment(since)
