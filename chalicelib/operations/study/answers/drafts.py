"""Keeps what is typed on a page on the server, for pages with `keep_draft`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chalicelib.errors import TooLarge
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.class_end import is_class_over
from chalicelib.operations.study.shared.study_context import moment_of, own_place
from chalicelib.study.elements import Page
from chalicelib.study.study_records import Draft, Place

from .page_answers import page_at

#: How many bytes of JSON a draft may have, and how many seconds lie between two that are kept.
MOST_BYTES, LEAST_SECONDS = 64_000, 1.0


def keep_draft(ctx: Context, serial: int, answers: Mapping[str, Any], fields: Any) -> dict[str, Any]:
    """Keep the draft of the page that is due; return whether it was kept.

    `answers`: raw answers by item. `fields`: the values of the form's fields, for another device. A draft
    that comes within a second after the last one isn't kept.
    """
    _, place = own_place(ctx)
    page = None if place is None else page_at(ctx, place)
    if place is None or page is None or place.serial != serial or place.ended or not page.keep_draft:
        return {"kept": False}
    if is_class_over(ctx, place):
        return {"kept": False}
    draft = Draft(place.participant_id, serial, str(iso(ctx.now)), dict(answers), _list(fields))
    if len(json.dumps(draft.to_fields(), ensure_ascii=False).encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise TooLarge(f"A draft can have {MOST_BYTES:,} bytes at most; it is kept in the browser only.")
    key = keys.draft(place.participant_id)
    stored = ctx.uow.item(key)
    saved = None if stored is None else moment_of(Draft.from_item(stored).saved_at)
    if saved is not None and ctx.now < saved + timedelta(seconds=LEAST_SECONDS):
        return {"kept": False}
    ctx.uow.put_unconditional(key, draft.kind, draft.to_fields())
    return {"kept": True}


def draft_of(ctx: Context, place: Place, page: Page) -> Draft | None:
    """Return the draft of the page that is due; None without one."""
    stored = ctx.uow.item(keys.draft(place.participant_id)) if page.keep_draft else None
    draft = None if stored is None else Draft.from_item(stored)
    return draft if draft is not None and draft.serial == place.serial else None


def _list(fields: Any) -> list[Any]:
    return list(fields) if isinstance(fields, list) else []
