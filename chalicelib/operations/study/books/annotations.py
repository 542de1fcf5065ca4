"""Stores the annotations of readers on the pages of a book, and returns them to their reader."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.errors import BadRequest, InvalidState, NotFound, TooLarge
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.access import require_working
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.page_answers import page_at
from chalicelib.operations.study.shared.class_end import is_class_over
from chalicelib.operations.study.shared.study_context import own_place, session_of, study_of
from chalicelib.study.books.annotation_records import (
    LONGEST_CONTEXT,
    LONGEST_NOTE,
    LONGEST_QUOTE,
    MOST_CHARACTERS,
    MOST_ON_PAGE,
    TEXT_POSITION,
    TEXT_QUOTE,
    Annotation,
    Visibility,
)
from chalicelib.study.books.annotation_texts import ANNOTATION_TEXTS, TOO_MANY
from chalicelib.study.books.reading_records import ReadPage
from chalicelib.study.elements import Contents
from chalicelib.study.translation import translate

from .reading_progress import book_around

_NAME: Final = re.compile(r"[a-z0-9-]{8,40}")


def own_annotations(ctx: Context, path: str) -> dict[str, Any]:
    """Return the caller's annotations of the page of a book that is due, in the order of the text."""
    record = _due_page(ctx, path)
    found = [
        Annotation.from_item(item)
        for item in ctx.uow.items(*keys.annotations_of(record.participant_id, path))
    ]
    found.sort(key=lambda one: (bool(one.exact), one.start or 0, one.created_at))
    language = study_of(ctx).language
    return {
        "annotations": [one.as_web_annotation() for one in found],
        "most": MOST_ON_PAGE,
        "longest": {"note": LONGEST_NOTE, "quote": LONGEST_QUOTE, "context": LONGEST_CONTEXT},
        "texts": {name: translate(text, language) for name, text in ANNOTATION_TEXTS.items()},
    }


def keep_annotation(ctx: Context, path: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Store an annotation of the page of a book that is due, or change its note and visibility.

    The name that the browser gave it makes a repeated request idempotent. The anchor of a stored annotation
    stays.
    """
    record = _due_page(ctx, path)
    own = _read(sent)
    key = keys.annotation(record.participant_id, path, own["name"])
    stored = ctx.uow.item(key)
    now = str(iso(ctx.now))
    if stored is None:
        if record.annotations >= MOST_ON_PAGE:
            text = translate(TOO_MANY, study_of(ctx).language)
            raise InvalidState(text.format(n=MOST_ON_PAGE), code="too_many_annotations")
        annotation = Annotation(record.participant_id, path, created_at=now, changed_at=now, **own)
        annotation.book, annotation.chapter, annotation.page = record.book, record.chapter, record.page
        # The count is a part of the page's record: of two requests at once, one is repeated and sees it.
        record.annotations += 1
        session_of(ctx).flush()
        ctx.uow.put_item(key, annotation.kind, annotation.to_fields())
    else:
        annotation = Annotation.from_item(stored)
        annotation.note, annotation.visibility = own["note"], own["visibility"]
        annotation.changed_at = now
        ctx.uow.put_item(key, annotation.kind, annotation.to_fields(), expect=stored["v"])
    return {"annotation": annotation.as_web_annotation()}


def remove_annotation(ctx: Context, path: str, name: str) -> dict[str, Any]:
    """Delete one of the caller's annotations of the page of a book that is due; idempotent."""
    record = _due_page(ctx, path)
    if not _NAME.fullmatch(name):
        raise BadRequest("id must be that of an annotation.")
    key = keys.annotation(record.participant_id, path, name)
    stored = ctx.uow.item(key)
    if stored is not None:
        record.annotations = max(0, record.annotations - 1)
        session_of(ctx).flush()
        ctx.uow.delete_item(key, expect=stored["v"])
    return {"deleted": stored is not None}


def _due_page(ctx: Context, path: str) -> ReadPage:
    """Return the caller's record of the page that is due; an error when it is another one."""
    participant, place = own_place(ctx)
    require_working(participant)
    around = None if place is None else book_around(ctx, place)
    is_due = place is not None and place.path == path and not is_class_over(ctx, place)
    if place is None or around is None or not is_due or isinstance(page_at(ctx, place), Contents):
        raise InvalidState(
            "Another page is due than the one of these annotations; reload the page.", code="page_not_due"
        )
    if not around[1].annotations:
        raise NotFound("This book has no annotations: it has annotations=False.", code="no_annotations")
    record = session_of(ctx).find_reading(place.participant_id, path)
    if record is None:
        raise InvalidState("The page wasn't opened yet; reload it.", code="page_not_due")
    return record


def _read(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an annotation as the Web Annotation Data Model has them."""
    name = sent.get("id")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadRequest("id must be 8 to 40 small letters, digits and hyphens.")
    if sent.get("visibility") not in tuple(Visibility):
        raise BadRequest(f"visibility must be one of {', '.join(Visibility)}.")
    body = sent.get("body")
    note = body.get("value") if isinstance(body, Mapping) else ""
    fields = {
        "name": name,
        "visibility": str(sent["visibility"]),
        "note": _text(note, "body.value", LONGEST_NOTE).strip(),
    }
    fields |= _anchor(sent.get("target"))
    if not fields["note"] and not fields["exact"]:
        raise BadRequest("An annotation marks a text of the page, or has a note.")
    return fields


def _anchor(target: Any) -> dict[str, Any]:
    """Return the quote and the position of an annotation; empty for one of the whole page."""
    listed = target.get("selector", []) if isinstance(target, Mapping) else []
    some = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    selectors = {one["type"]: one for one in some if isinstance(one.get("type"), str)}
    quote, position = selectors.get(TEXT_QUOTE, {}), selectors.get(TEXT_POSITION, {})
    start, end = position.get("start", 0), position.get("end", 0)
    if type(start) is not int or type(end) is not int or not 0 <= start <= end <= MOST_CHARACTERS:
        raise BadRequest(f"The {TEXT_POSITION} must have whole numbers start and end, in this order.")
    return {
        "exact": _text(quote.get("exact", ""), "exact", LONGEST_QUOTE),
        "prefix": _text(quote.get("prefix", ""), "prefix", LONGEST_CONTEXT),
        "suffix": _text(quote.get("suffix", ""), "suffix", LONGEST_CONTEXT),
        "start": start if quote.get("exact") else None,
        "end": end if quote.get("exact") else None,
    }


def _text(value: Any, name: str, most: int) -> str:
    if not isinstance(value, str):
        raise BadRequest(f"{name} must be a text.")
    if len(value) > most:
        raise TooLarge(f"{name} has {len(value):,} characters; it can have {most:,} at most.")
    return value
