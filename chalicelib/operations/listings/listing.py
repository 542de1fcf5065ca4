"""A list of records that is read page by page: filters, cursors, and how far a call has come.

A filter looks at MOST_LOOKED_AT records at most, and the listing says where the next call continues. So no
call takes longer than another, however large the run is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Final, Generic, TypeVar

from chalicelib.errors import BadRequest

Row = TypeVar("Row")

#: How many records one call looks at.
MOST_LOOKED_AT: Final = 2000
#: A query of one more collection counts like so many records: each is a call to the database.
COST_OF_QUERY: Final = 10
#: The most rows of one listing.
MOST_ROWS: Final = 500
_SEPARATOR: Final = "|"


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """Some records of a list, in its order."""

    rows: list[Row]
    #: The cursor from which the next call continues; None at the end of the list.
    next: str | None
    #: How many records were looked at to find these.
    looked_at: int
    #: Whether the call ended before it had found as many rows as it was asked for: call again with `next`.
    is_partial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """Which records to list; None matches all. A list refuses filters that its records don't have."""

    status: str | None = None
    #: A factor of the design and its level: `colour=red`.
    condition: str | None = None
    recruiter: str | None = None
    #: The type of a record, or the word that tells its records apart: the kind of a payment, an item's name.
    type: str | None = None
    failed: bool | None = None
    network_id: int | None = None
    node_id: int | None = None
    participant_id: int | None = None
    #: An id, or a part of one.
    text: str | None = None

    def given(self) -> frozenset[str]:
        """Return the names of the filters that are set."""
        return frozenset(one.name for one in fields(self) if getattr(self, one.name) is not None)


NO_FILTER: Final = RecordFilter()


@dataclass(frozen=True, slots=True)
class Looked(Generic[Row]):
    """A record that was looked at, or the end of a collection."""

    #: The cursor behind it.
    cursor: str
    #: None: the filter doesn't match it.
    row: Row | None
    cost: int = 1
    is_record: bool = True


def collect(found: Iterator[Looked[Row]], limit: int) -> Listing[Row]:
    """Take rows until there are enough, or until enough records were looked at."""
    rows: list[Row] = []
    last: str | None = None
    looked_at = cost = 0
    for one in found:
        if len(rows) == limit:
            return Listing(rows, last, looked_at, is_partial=False)
        last = one.cursor
        looked_at += one.is_record
        cost += one.cost
        if one.row is not None:
            rows.append(one.row)
        if cost >= MOST_LOOKED_AT and len(rows) < limit:
            return Listing(rows, last, looked_at, is_partial=True)
    return Listing(rows, None, looked_at, is_partial=False)


def require_limit(limit: int) -> int:
    """Return the number of rows; BadRequest when it is out of range."""
    if not 1 <= limit <= MOST_ROWS:
        raise BadRequest(f"A list has 1 to {MOST_ROWS} rows, not {limit}.", code="bad_limit")
    return limit


def batch_size(record_filter: RecordFilter, limit: int) -> int:
    """Return how many records to read at once: those of the page, or more when few of them may match."""
    return 100 if record_filter.given() else min(limit + 1, 100)


def write_cursor(*parts: int | str) -> str:
    """Return a cursor of numbers and a key, which comes last."""
    return _SEPARATOR.join(map(str, parts))


def read_cursor(cursor: str, numbers: int) -> tuple[list[int], str]:
    """Return the numbers of a cursor and the key behind them; BadRequest for any other text."""
    parts = cursor.split(_SEPARATOR, numbers)
    if len(parts) != numbers + 1 or not all(_is_number(part) for part in parts[:numbers]):
        raise BadRequest("This cursor belongs to another list; begin again without one.", code="bad_cursor")
    return [int(part) for part in parts[:numbers]], parts[numbers]


def _is_number(text: str) -> bool:
    return len(text) <= 15 and text.isascii() and text.isdigit()  # noqa: PLR2004 - as many digits as ids have


def contains(text: str, *ids: Any) -> bool:
    """Whether a search text is one of these ids, or a part of an id that isn't a number."""
    wanted = text.casefold()
    return any(
        wanted == str(one) if isinstance(one, int) else wanted in str(one).casefold()
        for one in ids
        if one is not None
    )
