"""Lists payments by participant, newest participant first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from chalicelib.errors import NotFound
from chalicelib.model import keys
from chalicelib.model.participant import HAND_BONUSES, VISIT
from chalicelib.model.record import moment
from chalicelib.model.run_records import payment_kinds
from chalicelib.operations.shared.context import Context

from .listing import (
    NO_FILTER,
    Listing,
    Looked,
    RecordFilter,
    collect,
    contains,
    read_cursor,
    require_limit,
    write_cursor,
)
from .participant_lists import may_view_personal_data, numbers_from, stored_participants
from .record_rows import LedgerRow
from .row_reading import Item, read_row, renamed, stored_names

FIELDS: Final = stored_names(LedgerRow)
#: Participants whose payments are read in one call: four payments each, and DynamoDB returns 100 items.
AT_ONCE: Final = 25


def list_payments_page(
    ctx: Context, record_filter: RecordFilter = NO_FILTER, cursor: str | None = None, limit: int = 50
) -> Listing[LedgerRow]:
    """Return payments. `type`: their kind, such as `base` or `bonus`."""
    require_limit(limit)
    return collect(_look(ctx, record_filter, cursor), limit)


def payment_row(ctx: Context, participant_id: int, kind: str) -> LedgerRow:
    """Return one payment; NotFound when the participant has none of this kind."""
    key = keys.payment(participant_id, kind)
    item = ctx.uow.get_fields([key], FIELDS).get(key)
    if item is None:
        raise NotFound(f"Participant {participant_id} has no {kind} payment.", code="payment_not_found")
    return _row(item)


def payments_of(ctx: Context, numbers: Sequence[int]) -> dict[int, list[LedgerRow]]:
    """Return the payments of some participants, by number, in order of kind."""
    people = stored_participants(ctx, numbers, ("id", "details"))
    wanted = [keys.payment(number, kind) for number, item in people.items() for kind in _kinds_of(item)]
    stored = ctx.uow.get_fields(wanted, FIELDS)
    found: dict[int, list[LedgerRow]] = {number: [] for number in people}
    for key in wanted:
        if key in stored:
            row = _row(stored[key])
            found[row.participant_id].append(row)
    return found


def _kinds_of(participant: Item) -> tuple[str, ...]:
    details: Mapping[str, Any] = participant.get("details") or {}
    return payment_kinds(int(details.get(VISIT, 1)), int(details.get(HAND_BONUSES, 0)))


def _look(ctx: Context, record_filter: RecordFilter, cursor: str | None) -> Iterator[Looked[LedgerRow]]:
    newest, skip = None, 0
    if cursor is not None:
        (newest, skip), _ = read_cursor(cursor, 2)
    numbers = numbers_from(ctx, record_filter, newest)
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        found = payments_of(ctx, some)
        for number in some:
            rows = found.get(number, [])
            done = skip if number == newest else 0
            for index in range(done, len(rows)):
                row = rows[index] if _matches(ctx, record_filter, rows[index]) else None
                yield Looked(write_cursor(number, index + 1, ""), row)
            # Each participant takes the reading of four payments, whether they have them or not.
            yield Looked(write_cursor(max(0, number - 1), 0, ""), None, cost=4, is_record=False)


def _matches(ctx: Context, record_filter: RecordFilter, row: LedgerRow) -> bool:
    ids: list[Any] = [row.id, row.participant_id, f"{row.participant_id}/{row.kind}"]
    if may_view_personal_data(ctx):
        ids.append(row.recruiter_reference)
    return (
        record_filter.status in (None, row.status)
        and record_filter.type in (None, row.kind)
        and (record_filter.text is None or contains(record_filter.text, *ids))
    )


def _row(item: Item) -> LedgerRow:
    moves = (item.get("details") or {}).get("moves", [])
    last = moves[-1] if moves else {}
    own = {"since": moment(last.get("at")), "why": last.get("why", "")}
    return read_row(LedgerRow, item, **renamed(item, "kind"), **own)
