"""Limits how long a series of calls to a vendor may take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from chalicelib.errors import VendorUnreachable

T = TypeVar("T")

#: Seconds that all calls for one page may take; API Gateway waits for 29.
LONGEST: Final = 12.0


@dataclass(eq=False)
class Patience:
    """Raises VendorUnreachable before a call for which no time is left."""

    vendor: str
    clock: Callable[[], float] = time.monotonic
    until: float = field(init=False)

    def __post_init__(self) -> None:
        self.until = self.clock() + LONGEST

    def require_time(self) -> None:
        """Raise VendorUnreachable when the time is over."""
        if self.clock() >= self.until:
            raise VendorUnreachable(
                f"{self.vendor} answers too slowly at the moment. Nothing is lost: look again in a minute."
            )

    def first(self, number: int, items: Iterable[T]) -> tuple[list[T], bool]:
        """Return the first items of pages that are fetched as they are read, and whether there are more."""
        found: list[T] = []
        for item in self._timed(items):
            if len(found) == number:
                return found, True
            found.append(item)
        return found, False

    def _timed(self, items: Iterable[T]) -> Iterator[T]:
        for item in items:
            self.require_time()
            yield item
