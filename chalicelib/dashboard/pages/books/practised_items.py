"""Sums up the reviews of a reader who practises, for the page of the participant: a line for each item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chalicelib.dashboard.page_call import PageCall
from chalicelib.operations.listings.study_rows import ReviewRow

#: How many reviews one call reads, and how many calls a page makes.
_PER_CALL: Final = 200
_MOST_CALLS: Final = 5


@dataclass(frozen=True, slots=True)
class PractisedItem:
    """An item that a reader has practised, with its last review."""

    last: ReviewRow
    #: How many of its reviews were rated `again`.
    again: int


@dataclass(frozen=True, slots=True)
class PractisedItems:
    """The items that a reader has practised, by name, and how many reviews there are."""

    items: dict[str, PractisedItem]
    reviews: int
    #: Whether there are more reviews than the page has read.
    is_partial: bool


def practised_by(call: PageCall, participant_id: int) -> PractisedItems:
    """Return what a reader has practised."""
    items: dict[str, PractisedItem] = {}
    count, after = 0, None
    for _ in range(_MOST_CALLS):
        found = call.run("reviews.list", participant_id=participant_id, after=after, limit=_PER_CALL)
        for review in found.rows:
            known = items.get(review.item, PractisedItem(review, 0))
            last = max(known.last, review, key=lambda one: one.number)
            items[review.item] = PractisedItem(last, known.again + (review.rating == "again"))
        count, after = count + len(found.rows), found.next
        if after is None:
            break
    return PractisedItems(dict(sorted(items.items())), count, after is not None)
