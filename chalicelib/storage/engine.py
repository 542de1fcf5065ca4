"""Defines the interface of engines: get by key, query a collection, commit conditional writes, count.

An item is a flat dictionary of JSON values with `pk`, `sk`, `kind` and `v`, the version that conditions
compare. The layers above implement the identity map, retries, ids and large commits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from chalicelib.errors import BadRequest
from chalicelib.ports import ItemPage

Item = dict[str, Any]
#: The field in which an engine preserves attributes of a newer version that this one doesn't know.
UNKNOWN: Final = "unknown"
Key = tuple[str, str]
#: The fields that each projection includes.
ALWAYS_READ: Final = ("pk", "sk", "kind", "v")
#: The most items of one page. A page is also shorter when its items exceed PAGE_BYTES: DynamoDB's limit for
#: one Query.
LARGEST_PAGE: Final = 1000
PAGE_BYTES: Final = 1024 * 1024


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

    def page(
        self,
        pk: str,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int = 50,
        fields: Collection[str] | None = None,
        newest_first: bool = False,
    ) -> ItemPage:
        """Return at most `limit` items of a collection, in order of sk, with the cursor of the next page.

        Strongly consistent, and one call. `after`: the cursor of the page before; its item need not exist any
        more. `fields`: only these fields are returned, beside ALWAYS_READ. `newest_first`: in reverse order.
        A page whose items exceed PAGE_BYTES is shorter. BadRequest for a limit outside of 1 to LARGEST_PAGE,
        and for a cursor that doesn't belong to the prefix.
        """

    def get_fields(self, keys: Iterable[Key], fields: Collection[str]) -> dict[Key, Item]:
        """Return these fields, beside ALWAYS_READ, of the items that exist under these keys."""

    def commit(self, writes: Sequence[Write]) -> None:
        """Write all or nothing; raise Conflict when an expectation fails or another commit was first.

        Keys must be unique. A commit whose response was lost and that the client retries doesn't
        conflict with itself.
        """

    def increment(self, key: Key, by: int = 1) -> int:
        """Add to the counter at a key (created at 0) and return the new value; never part of a commit."""

    @property
    def deletes_expired(self) -> bool:
        """Whether items whose `expires` has passed are deleted by the database itself."""

    def delete_expired(self, prefix: str, now: float, limit: int) -> int:
        """Delete at most `limit` items whose `expires` is at most `now`; return how many.

        `prefix`: what begins their pk. An engine whose database does so by itself deletes nothing.
        """

    def close(self) -> None:
        """Close files and connections."""


def require_page(prefix: str, after: str | None, limit: int) -> None:
    """Refuse, with BadRequest, a page that no engine could return."""
    if not 1 <= limit <= LARGEST_PAGE:
        raise BadRequest(f"A page has 1 to {LARGEST_PAGE} records, not {limit}.")
    if after is not None and not (after and after.startswith(prefix)):
        raise BadRequest("This cursor belongs to another list; begin again without one.", code="bad_cursor")


def project(item: Item, fields: Collection[str] | None) -> Item:
    """Return the item with only these fields, beside ALWAYS_READ; all of it for None."""
    if fields is None:
        return item
    return {name: item[name] for name in (*ALWAYS_READ, *fields) if name in item}


def first_page(items: Iterable[Item], limit: int, fields: Collection[str] | None) -> ItemPage:
    """Return the first `limit` of the items, which come in order and after the cursor."""
    taken: list[Item] = []
    for item in items:
        if len(taken) == limit:
            return ItemPage(taken, taken[-1]["sk"])
        taken.append(project(item, fields))
    return ItemPage(taken, None)


__all__ = [
    "ALWAYS_READ",
    "ANY",
    "LARGEST_PAGE",
    "PAGE_BYTES",
    "UNKNOWN",
    "Check",
    "Delete",
    "Engine",
    "Expect",
    "Item",
    "ItemPage",
    "Key",
    "Put",
    "Write",
    "first_page",
    "project",
    "require_page",
]
