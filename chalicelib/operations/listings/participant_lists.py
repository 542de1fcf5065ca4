"""Lists participants, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.errors import BadRequest, NotFound
from chalicelib.model import keys
from chalicelib.model.participant import VISIT
from chalicelib.operations.shared.access import actor_of
from chalicelib.operations.shared.context import Context

from .listing import (
    NO_FILTER,
    Listing,
    Looked,
    RecordFilter,
    batch_size,
    collect,
    contains,
    read_cursor,
    require_limit,
    write_cursor,
)
from .record_rows import ParticipantRow
from .row_reading import Item, read_row, renamed, stored_names

FIELDS: Final = stored_names(ParticipantRow)
#: What a row says about a participant's part in a study.
PLACE_FIELDS: Final = ("condition", "path", "ended", "points", "visit")


def list_participants(
    ctx: Context, record_filter: RecordFilter = NO_FILTER, cursor: str | None = None, limit: int = 50
) -> Listing[ParticipantRow]:
    """Return participants, newest first. A whole id is found at once, a part of one by looking."""
    require_limit(limit)
    if record_filter.text is not None and cursor is None:
        named = [one for one in _named(ctx, record_filter.text) if _matches(ctx, record_filter, one)]
        if named:
            return Listing(rows_of(ctx, named), None, len(named), is_partial=False)
    found = collect(_look(ctx, record_filter, cursor, batch_size(record_filter, limit)), limit)
    return Listing(rows_of(ctx, found.rows), found.next, found.looked_at, found.is_partial)


def numbers_from(ctx: Context, record_filter: RecordFilter, newest: int | None) -> range:
    """Return the numbers of the participants whose records are looked at, newest first."""
    if record_filter.participant_id is not None:
        only = record_filter.participant_id
        return range(only, only - 1, -1) if newest is None or newest >= only else range(0)
    return range(newest_participant(ctx) if newest is None else newest, 0, -1)


def newest_participant(ctx: Context) -> int:
    """Return the highest number that a participant has; some numbers are missing."""
    key = keys.counter("participant")
    counter = ctx.uow.get_fields([key], ()).get(key)
    return 0 if counter is None else int(counter["v"])


def stored_participants(
    ctx: Context, numbers: Sequence[int], fields: Sequence[str] = FIELDS
) -> dict[int, Item]:
    """Read some fields of participants, by number; missing ones are left out."""
    found = ctx.uow.get_fields(map(keys.participant, numbers), fields)
    return {item["id"]: item for item in found.values()}


def places_of(ctx: Context, numbers: Sequence[int]) -> dict[int, Item]:
    """Read what a study says about participants, by number."""
    found = ctx.uow.get_fields(map(keys.place, numbers), (*PLACE_FIELDS, "participant_id"))
    return {item["participant_id"]: item for item in found.values()}


def participant_row(ctx: Context, participant_id: int) -> ParticipantRow:
    """Return one participant; NotFound for an unknown one."""
    found = stored_participants(ctx, [participant_id])
    if participant_id not in found:
        raise NotFound(f"There is no participant {participant_id}.", code="participant_not_found")
    return rows_of(ctx, list(found.values()))[0]


def rows_of(ctx: Context, stored: Sequence[Item]) -> list[ParticipantRow]:
    """Return the rows of stored participants, with their places in a study."""
    places = places_of(ctx, [item["id"] for item in stored]) if stored else {}
    return [_row(item, places.get(item["id"])) for item in stored]


def _row(item: Item, place: Item | None) -> ParticipantRow:
    worker_id, assignment_id = item.get("worker_id"), item.get("assignment_id")
    own: dict[str, Any] = {**renamed(item, "early_exit_reason")}
    if worker_id is not None and assignment_id is not None:
        own["unique_id"] = f"{worker_id}:{assignment_id}"
    details: Mapping[str, Any] = item.get("details") or {}
    own["visit"] = int(details.get(VISIT, 1))
    if place is not None:
        own |= {name: place.get(name) for name in ("path", "ended")}
        own["condition"] = place.get("condition", {})
        own["points"] = Decimal(place.get("points", "0"))
    return read_row(ParticipantRow, item, **own)


def _look(
    ctx: Context, record_filter: RecordFilter, cursor: str | None, batch: int
) -> Iterator[Looked[Item]]:
    newest = None if cursor is None else read_cursor(cursor, 1)[0][0] - 1
    numbers = numbers_from(ctx, record_filter, newest)
    for start in range(0, len(numbers), batch):
        some = numbers[start : start + batch]
        stored = stored_participants(ctx, some)
        places = places_of(ctx, some) if record_filter.condition is not None else {}
        for number in some:
            item = stored.get(number)
            is_found = item is not None and _matches(ctx, record_filter, item, places.get(number))
            yield Looked(write_cursor(number, ""), item if is_found else None, is_record=item is not None)


def _matches(ctx: Context, record_filter: RecordFilter, item: Item, place: Item | None = None) -> bool:
    return (
        record_filter.status in (None, item["status"])
        and record_filter.recruiter in (None, item.get("recruiter"))
        and record_filter.type in (None, item.get("type"))
        and record_filter.failed in (None, bool(item.get("failed")))
        and (record_filter.condition is None or has_condition(place, record_filter.condition))
        and (record_filter.text is None or contains(record_filter.text, *_searched(ctx, item)))
    )


def has_condition(place: Item | None, wanted: str) -> bool:
    """Whether a place has a level of a factor; BadRequest for a text that isn't `factor=level`."""
    factor, equals, level = wanted.partition("=")
    if not (factor and equals):
        raise BadRequest(f"A condition is a factor and its level, such as colour=red; not {wanted[:40]!r}.")
    condition: Mapping[str, Any] = (place or {}).get("condition", {})
    return factor in condition and str(condition[factor]) == level


def may_view_personal_data(ctx: Context) -> bool:
    """Whether the caller may see, and so search, what identifies people."""
    actor = actor_of(ctx)
    return actor is not None and actor.may(Right.VIEW_PERSONAL_DATA)


def _searched(ctx: Context, item: Item) -> tuple[Any, ...]:
    if not may_view_personal_data(ctx):
        return (item["id"],)
    return (item["id"], *(item.get(name) for name in ("worker_id", "assignment_id", "hit_id")))


def _named(ctx: Context, text: str) -> list[Item]:
    """Return the participants whose number, worker id or assignment id this is."""
    numbers = [int(text)] if text.isascii() and text.isdigit() and len(text) <= 10 else []  # noqa: PLR2004 - digits of a number
    if may_view_personal_data(ctx):
        wanted = [keys.assignment(text), keys.worker(text)]
        for item in ctx.uow.get_fields(wanted, ("participant_id", "participant_ids")).values():
            numbers += item.get("participant_ids") or [item["participant_id"]]
    found = stored_participants(ctx, list(dict.fromkeys(numbers))) if numbers else {}
    return sorted(found.values(), key=lambda item: -int(item["id"]))
