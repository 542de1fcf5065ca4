"""Summarizes the annotations of readers: how many each page has, and those that the caller may read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.model import keys
from chalicelib.operations.listings.listing import NO_FILTER
from chalicelib.operations.listings.participant_lists import numbers_from
from chalicelib.operations.listings.row_reading import Item
from chalicelib.operations.shared.access import actor_of
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.read_records import all_items

#: The most annotations that are counted, how many are shown, and how many participants are looked through.
MOST_COUNTED, MOST_SHOWN, MOST_PEOPLE = 3000, 200, 1000
PRIVATE, INSTRUCTORS, AUTHORS = "private", "instructors", "authors"
#: The right that lets a person read annotations of a visibility; no person reads private ones.
READERS: Final = {INSTRUCTORS: Right.GRADE, AUTHORS: Right.EDIT_PARTICIPANTS}


@dataclass(frozen=True, slots=True)
class PageAnnotations:
    """How many annotations readers have made on a page of a book."""

    path: str
    total: int
    private: int
    instructors: int
    authors: int
    readers: int = field(metadata={"help": "The participants who have annotated the page."})


@dataclass(frozen=True, slots=True)
class SharedAnnotation:
    """An annotation that the caller may read."""

    participant_id: int
    path: str
    visibility: str
    exact: str = field(metadata={"help": "The marked text; empty for a note on the whole page."})
    note: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class AnnotationResults:
    """The annotations of a study's readers."""

    pages: list[PageAnnotations]
    shared: list[SharedAnnotation] = field(metadata={"help": "The newest that the caller may read."})
    readable: list[str] = field(metadata={"help": "The visibilities that the caller's rights let them read."})
    is_partial: bool = field(metadata={"help": "Whether only the newest participants' were read."})


def read_annotations(ctx: Context) -> AnnotationResults:
    """Return how many annotations each page has, and those that the caller's rights let them read."""
    actor = actor_of(ctx)
    readable = [name for name, right in READERS.items() if actor is not None and actor.may(right)]
    found: list[Item] = []
    is_partial = False
    for count, number in enumerate(numbers_from(ctx, NO_FILTER, None)):
        if count == MOST_PEOPLE or len(found) >= MOST_COUNTED:
            is_partial = True
            break
        found += all_items(ctx, keys.participant(number)[0], keys.ANNOTATIONS)
    read = [item for item in found if item["visibility"] in readable]
    shared = [_shared(item) for item in read if item["visibility"] != INSTRUCTORS or _teaches(ctx, item)]
    shared.sort(key=lambda one: one.changed_at, reverse=True)
    paths = sorted({str(item["path"]) for item in found})
    return AnnotationResults(
        [_page(path, found) for path in paths], shared[:MOST_SHOWN], readable, is_partial
    )


def _teaches(ctx: Context, item: Item) -> bool:
    """Whether the caller is an instructor of the reader's class; readers without a class have none."""
    actor = actor_of(ctx)
    if actor is None or actor.may(Right.MANAGE_LAB):
        return actor is not None
    # Lazy import: only studies have classes.
    from chalicelib.operations.classes.class_records import class_of_participant

    study_class = class_of_participant(ctx, int(item["participant_id"]))
    return study_class is None or actor.username in study_class.instructors


def _page(path: str, found: list[Item]) -> PageAnnotations:
    own = [item for item in found if item["path"] == path]
    by = Counter(str(item["visibility"]) for item in own)
    readers = len({item["participant_id"] for item in own})
    return PageAnnotations(path, len(own), by[PRIVATE], by[INSTRUCTORS], by[AUTHORS], readers)


def _shared(item: Item) -> SharedAnnotation:
    return SharedAnnotation(
        item["participant_id"],
        str(item["path"]),
        str(item["visibility"]),
        str(item.get("exact", "")),
        str(item.get("note", "")),
        datetime.fromisoformat(item["changed_at"]),
    )
