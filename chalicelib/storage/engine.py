"""Defines the interface of engines: get by key, query a collection, commit conditional writes, count.

An item is a flat dictionary of JSON values with `pk`, `sk`, `kind` and `v`, the version that
conditions compare. Everything clever (identity, retries, ids, large commits) is above this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

Item = dict[str, Any]
#: The field in which an engine keeps what a newer version has written and this one doesn't know.
UNKNOWN: Final = "unknown"
Key = tuple[str, str]


class _Anything:
    def __repr__(self) -> str:
        return "ANY"


#: Expect nothing of the stored item.
ANY: Final = _Anything()
#: None: the item must not exist. A number: the stored `v` must be this.
Expect = int | None | _Anything


@dataclass(frozen=True, slots=True)
class Put:
    """Write a whole item, if what is stored under its key is as expected."""

    item: Item
    expect: Expect = None

    @property
    def key(self) -> Key:
        """Where it is written."""
        return self.item["pk"], self.item["sk"]


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove an item, if it is as expected; with ANY also when there is none."""

    key: Key
    expect: Expect = ANY


@dataclass(frozen=True, slots=True)
class Check:
    """Only compare: the commit fails unless the item is as expected (a number or None)."""

    key: Key
    expect: Expect


Write = Put | Delete | Check


class Engine(Protocol):
    """A store of items under (pk, sk). One suite, tests/contract, runs over every engine."""

    @property
    def max_writes(self) -> int:
        """The most writes one `commit` takes."""

    @property
    def max_bytes(self) -> int:
        """The most bytes one `commit` takes."""

    @property
    def shows_whole_commits(self) -> bool:
        """Whether a reader sees all items of a commit at one moment."""

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Return the items that exist under these keys, strongly consistent."""

    def get_isolated(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Return the items that exist under these keys as they are at one moment.

        Conflict while a commit is changing one of them. Of more than 25, each 25 have a moment of their own.
        """

    def query(self, pk: str, prefix: str = "") -> Iterator[Item]:
        """Yield the items of a collection whose sk begins with the prefix, in order of sk."""

    def count(self, pk: str, prefix: str = "") -> int:
        """Return how many items of a collection have an sk that begins with the prefix."""

    def query_each(self, pks: Sequence[str], prefix: str = "") -> Iterator[Item]:
        """Yield the items of several collections, one after the other."""

    def query_known(self, pk: str, known: Mapping[str, Item]) -> Iterator[Item]:
        """Yield a collection's items, in order of sk.

        One that has the version of the item that `known` has for its sk may be that very item.
        """

    def count_each(self, pks: Sequence[str], prefix: str = "") -> int:
        """Return how many items several collections have together."""

    def query_until(self, pk: str, last: str) -> Iterator[Item]:
        """Yield the items of a collection whose sk is not after `last`, in order of sk."""

    def commit(self, writes: Sequence[Write]) -> None:
        """Write all or nothing; raise Conflict when an expectation fails or a race is lost.

        Keys must be unique. A commit whose response was lost and that the client retries doesn't
        conflict with itself.
        """

    def increment(self, key: Key, by: int = 1) -> int:
        """Add to the counter at a key (made at 0) and return the new value; never in a commit."""

    def close(self) -> None:
        """Close files and connections."""
