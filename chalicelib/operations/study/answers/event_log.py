"""Records events of pages: focus lost, pasting, errors of scripts, and those of `petri.log`.

Events are observations and never a reason to refuse an answer: malformed and excess events are dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.class_end import is_class_over
from chalicelib.operations.study.shared.study_context import own_place, study_of
from chalicelib.study.study_records import EventBatch, Place

#: The maximum number of events per request, and the maximum length of their texts.
MOST, MOST_CHARACTERS = 600, 200
#: The maximum size of a request's events as JSON, in bytes: an item of the store holds 400 KB.
MOST_BYTES = 390_000
#: The maximum number of batches per page: it sends one with its answer, and one whenever it is closed.
MOST_BATCHES = 20
#: The longest plausible time on a page, a week, in milliseconds.
MAX_MS = 7 * 24 * 3600 * 1000
TEXTS = ("event", "act", "item")


def keep_page_events(ctx: Context, serial: int, sent: Any) -> dict[str, Any]:
    """Record the events of a page that is being closed, unless another page is due now."""
    _, place = own_place(ctx)
    if place is not None and place.serial == serial and not is_class_over(ctx, place):
        keep_some_events(ctx, place, sent)
    return {}


def keep_some_events(ctx: Context, place: Place, sent: Any) -> None:
    """Record the events of a page that can send several batches, up to MOST_BATCHES."""
    if sent and not _is_full(ctx, place):
        keep_events(ctx, place, sent)


def _is_full(ctx: Context, place: Place) -> bool:
    pk, prefix = keys.event_batch(place.participant_id, place.serial, "")
    return len(ctx.uow.items(pk, prefix)) >= MOST_BATCHES


def keep_events(ctx: Context, place: Place, sent: Any) -> None:
    """Record the events of the page that is due, in the commit of this unit of work."""
    events = list(_that_fit(_valid(sent))) if study_of(ctx).log_events else []
    if not events:
        return
    moment = str(iso(ctx.now))
    batch = EventBatch(
        participant_id=place.participant_id,
        serial=place.serial,
        page=place.path.rpartition("/")[2],
        path=place.path,
        received_at=moment,
        events=events,
    )
    key = keys.event_batch(place.participant_id, place.serial, moment)
    ctx.uow.put_unconditional(key, batch.kind, batch.to_fields())


def _that_fit(events: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    size = 0
    for event in events:
        size += len(json.dumps(event, ensure_ascii=False).encode()) + 1
        if size > MOST_BYTES:
            return
        yield event


def _valid(sent: Any) -> Iterator[dict[str, Any]]:
    for event in sent[:MOST] if isinstance(sent, list) else ():
        if not isinstance(event, Mapping) or not event.get("event"):
            continue
        texts = {name: event.get(name, "") for name in TEXTS}
        if all(isinstance(text, str) for text in texts.values()):
            yield {
                **{name: text[:MOST_CHARACTERS] for name, text in texts.items() if text},
                "at_ms": _milliseconds(event.get("at")),
            }


def _milliseconds(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # NaN is between no two numbers; an integer can be too large to be converted to a float.
    return round(value) if 0 <= value <= MAX_MS else None
