"""Lists payments, in the order of their participants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from chalicelib.errors import BadRequest
from chalicelib.model import keys
from chalicelib.model.participant import HAND_BONUSES, VISIT
from chalicelib.model.run_records import Payment, payment_kinds
from chalicelib.model.statuses import PaymentStatus
from chalicelib.operations.payment.operator_actions import payment_entry
from chalicelib.operations.shared.access import MAX_ID
from chalicelib.operations.shared.context import Context

from .listing import MOST_LOOKED_AT, NO_FILTER, Listing, RecordFilter, contains, require_limit
from .participant_lists import may_view_personal_data, newest_participant, stored_participants
from .record_rows import PaymentRow
from .row_reading import Item

#: What the filters of a list look at.
_FILTERED: Final = ("id", "payment_kind", "status", "recruiter_reference")
#: How many kinds of payments a participant may have in a cursor.
_SPAN: Final = 1_000
#: How many participants a page looks at: for each, four payments are read, whether they exist or not.
MOST_PARTICIPANTS: Final = MOST_LOOKED_AT // 4
#: Participants whose payments are looked at in one call: four payments each, and DynamoDB returns 100 items.
AT_ONCE: Final = 25


def list_payments_page(
    ctx: Context, record_filter: RecordFilter = NO_FILTER, cursor: str | None = None, limit: int = 50
) -> Listing[PaymentRow]:
    """Return payments in the order of their participants. `type`: their kind, such as `base` or `bonus`.

    One page looks at MOST_PARTICIPANTS at most. NotFound for a participant who doesn't exist.
    """
    require_limit(limit)
    begin, done = _read_place(cursor)
    newest = newest_participant(ctx)
    if record_filter.participant_id is not None:
        newest = ctx.uow.participant(record_filter.participant_id).id
        begin = max(begin, newest)
    end = min(newest, begin + MOST_PARTICIPANTS - 1)
    rows: list[PaymentRow] = []
    looked_at, last = 0, None
    for number, found in _payments(ctx, record_filter, begin, end):
        for position, payment in found or ():
            if number == begin and position <= done:
                continue
            if len(rows) == limit:
                return Listing(rows, last, looked_at, is_partial=False)
            rows.append(payment_row(ctx, payment))
            last = _write_place(number, position)
        looked_at += found is not None
    if end >= newest:
        return Listing(rows, None, looked_at, is_partial=False)
    return Listing(rows, _write_place(end + 1, 0), looked_at, is_partial=len(rows) < limit)


def payment_row(ctx: Context, payment: Payment) -> PaymentRow:
    """Return a payment of this unit of work as a row."""
    entry = payment_entry(ctx, payment)
    return PaymentRow(
        id=f"{entry.participant_id}-{entry.kind}",
        participant_id=entry.participant_id,
        kind=entry.kind,
        amount=entry.amount,
        status=PaymentStatus(entry.status),
        since=entry.since,
        reason=entry.reason,
        is_stuck=entry.is_stuck,
        recruiter=entry.recruiter,
        worker_id=entry.worker_id,
        reference=entry.reference,
        stated_reason=payment.reason,
        sent_time=payment.sent_time,
        record_id=payment.id,
        creation_time=payment.creation_time,
        failed=payment.failed,
        failed_reason=payment.failed_reason,
        time_of_death=payment.time_of_death,
        property1=payment.property1,
        property2=payment.property2,
        property3=payment.property3,
        property4=payment.property4,
        property5=payment.property5,
        details=dict(payment.details),
    )


def payments_of(ctx: Context, participant_id: int) -> list[Payment]:
    """Return the payments of a participant, in order of kind; none for one who doesn't exist."""
    found = [some for _, some in _payments(ctx, NO_FILTER, participant_id, participant_id)]
    return [payment for some in found for _, payment in some or ()]


def _payments(
    ctx: Context, record_filter: RecordFilter, begin: int, end: int
) -> Iterator[tuple[int, list[tuple[int, Payment]] | None]]:
    """Yield the numbers of participants, each with the payments that match; None: no participant has it.

    A payment comes with its position among the kinds of its participant, from 1. The payments of some
    participants at a time are looked at, and those that match are read in one call.
    """
    for start in range(begin, end + 1, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, end + 1))
        found = _matching_kinds(ctx, record_filter, numbers)
        people = [keys.participant(number) for number, kinds in found.items() if kinds]
        payments = [keys.payment(number, kind) for number, kinds in found.items() for _, kind in kinds]
        ctx.uow.prefetch(more=[*people, *payments])
        for number in numbers:
            kinds = found.get(number)
            yield number, None if kinds is None else _read(ctx, number, kinds)


def _matching_kinds(
    ctx: Context, record_filter: RecordFilter, numbers: Sequence[int]
) -> dict[int, list[tuple[int, str]]]:
    """Return the kinds of the payments that match, with their positions, by participant."""
    people = stored_participants(ctx, numbers, ("id", "details"))
    wanted = {number: _kinds_of(item) for number, item in people.items()}
    stored = ctx.uow.get_fields(
        [keys.payment(number, kind) for number, kinds in wanted.items() for kind in kinds], _FILTERED
    )
    return {
        number: [
            (position, kind)
            for position, kind in enumerate(kinds, start=1)
            if (item := stored.get(keys.payment(number, kind))) is not None
            and _matches(ctx, record_filter, number, item)
        ]
        for number, kinds in wanted.items()
    }


def _kinds_of(participant: Item) -> tuple[str, ...]:
    details: Mapping[str, Any] = participant.get("details") or {}
    return payment_kinds(int(details.get(VISIT, 1)), int(details.get(HAND_BONUSES, 0)))


def _matches(ctx: Context, record_filter: RecordFilter, number: int, item: Item) -> bool:
    kind = item["payment_kind"]
    ids: list[Any] = [item["id"], number, f"{number}-{kind}", f"{number}/{kind}"]
    if may_view_personal_data(ctx):
        ids.append(item.get("recruiter_reference"))
    return (
        record_filter.status in (None, item["status"])
        and record_filter.type in (None, kind)
        and (record_filter.text is None or contains(record_filter.text, *ids))
    )


def _read(ctx: Context, participant_id: int, kinds: Sequence[tuple[int, str]]) -> list[tuple[int, Payment]]:
    payments = ((position, ctx.uow.payment(participant_id, kind)) for position, kind in kinds)
    return [(position, payment) for position, payment in payments if payment is not None]


def _write_place(number: int, done: int) -> str:
    """Return the cursor from which a list goes on, behind `done` kinds of a participant: a number."""
    return str(number * _SPAN + done)


def _read_place(cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return 1, 0
    if not (cursor.isascii() and cursor.isdigit() and int(cursor) < MAX_ID):
        raise BadRequest("This cursor belongs to another list; begin again without one.", code="bad_cursor")
    number, done = divmod(int(cursor), _SPAN)
    return max(number, 1), done
