"""Defines one page of a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """One page of a list, and where the next one begins."""

    rows: list[Row]
    #: The cursor of the next page; None at the end.
    next: str | None
    #: How many records were looked at.
    looked_at: int
    #: Whether a filter stopped before the page was full, because it looks at a limited number of records.
    is_partial: bool
