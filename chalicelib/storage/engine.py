"""Defines the interface of engines: get by key, query a collection, commit conditional writes, count.

An item is a flat dictionary of JSON values with `pk`, `sk`, `kind` and `v`, the version that conditions
compare. The layers above implement the identity map, retries, ids and large commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

Item = dict[str, Any]
#: The field in which an engine preserves attributes of a newer version that this one doesn't know.
UNKNOWN: Final = "unknown"
Key = tuple[str, str]


class _Anything:
    def __repr__(self) -> str:
        return "ANY"


#: Expect nothing of the stored item.
ANY: Final = _Anything()
#: None: the item must not exist. A number: the stored `v` must equal it.
Expect = int | None | _Anything


@dataclass(frozen=True, slots=True)
class Put:
    """Writes a whole item if the item stored under its key is as expected."""

    item: Item
    expect: Expect = None

    @property
    def key(self) -> Key:
        """The key under which it is written."""
        return self.item["pk"], self.item["sk"]


@dataclass(frozen=True, slots=True)
class Delete:
    """Deletes an item if it is as expected; with ANY also if there is none."""

    key: Key
    expect: Expect = ANY


@dataclass(frozen=True, slots=True)
class Check:
    """Writes nothing; the commit fails unless the item is as expected (a number or None)."""

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
        """Return a consistent snapshot of the items under these keys.

        Conflict while a commit is changing one of them. Above 25 keys, each 25 have a snapshot of their
        own.
        """

    def query(self, pk: str, prefix: str = "") -> Iterator[Item]:
        """Yield the items of a collection whose sk begins with the prefix, in order of sk."""

    def count(self, pk: str, prefix: str = "") -> int:
        """Return how many items of a collection have an sk that begins with the prefix."""

    def query_each(self, pks: Sequence[str], prefix: str = "") -> Iterator[Item]:
        """Yield the items of several collections, one after the other."""

    def query_known(self, pk: str, known: Mapping[str, Item]) -> Iterator[Item]:
        """Yield a collection's items, in order of sk.

        An item with the same version as the one in `known` may be returned as that object.
        """

    def count_each(self, pks: Sequence[str], prefix: str = "") -> int:
        """Return the total number of items in several collections."""

    def query_until(self, pk: str, last: str) -> Iterator[Item]:
        """Yield the items of a collection whose sk is not after `last`, in order of sk."""

    def commit(self, writes: Sequence[Write]) -> None:
        """Write all or nothing; raise Conflict when an expectation fails or another commit was first.

        Keys must be unique. A commit whose response was lost and that the client retries doesn't
        conflict with itself.
        """

    def increment(self, key: Key, by: int = 1) -> int:
        """Add to the counter at a key (created at 0) and return the new value; never part of a commit."""

    def close(self) -> None:
        """Close files and connections."""
