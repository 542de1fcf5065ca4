"""Defines the base class of wrappers of engines, which delegates all calls."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from .engine import Engine, Item, ItemPage, Key, Write


class EngineWrapper:
    """An engine that delegates to another one."""

    def __init__(self, engine: Engine) -> None:
        """`engine`: the engine to delegate to."""
        self._engine = engine

    @property
    def max_writes(self) -> int:
        """The most writes one `commit` takes."""
        return self._engine.max_writes

    @property
    def max_bytes(self) -> int:
        """The most bytes one `commit` takes."""
        return self._engine.max_bytes

    @property
    def shows_whole_commits(self) -> bool:
        """Whether a reader sees all items of a commit at one moment."""
        return self._engine.shows_whole_commits

    @property
    def deletes_expired(self) -> bool:
        """Whether the database deletes expired items by itself."""
        return self._engine.deletes_expired

    def delete_expired(self, prefix: str, now: float, limit: int) -> int:
        """Delete expired items."""
        return self._engine.delete_expired(prefix, now, limit)

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Return the items that exist under these keys."""
        return self._engine.get(keys)

    def get_isolated(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Return a consistent snapshot of the items under these keys."""
        return self._engine.get_isolated(keys)

    def query(self, pk: str, prefix: str = "") -> Iterator[Item]:
        """Yield the items of a collection whose sk begins with the prefix, in order of sk."""
        return self._engine.query(pk, prefix)

    def query_each(self, pks: Sequence[str], prefix: str = "") -> Iterator[Item]:
        """Yield the items of several collections, one after the other."""
        return self._engine.query_each(pks, prefix)

    def query_until(self, pk: str, last: str) -> Iterator[Item]:
        """Yield the items of a collection whose sk is not after `last`, in order of sk."""
        return self._engine.query_until(pk, last)

    def count(self, pk: str, prefix: str = "") -> int:
        """Return how many items of a collection have an sk that begins with the prefix."""
        return self._engine.count(pk, prefix)

    def query_known(self, pk: str, known: Mapping[str, Item]) -> Iterator[Item]:
        """Yield a collection's items; a known item may be returned as the known object."""
        return self._engine.query_known(pk, known)

    def count_each(self, pks: Sequence[str], prefix: str = "") -> int:
        """Return the total number of items in several collections."""
        return self._engine.count_each(pks, prefix)

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
        """Return at most `limit` items of a collection, with the cursor of the next page."""
        return self._engine.page(
            pk, prefix=prefix, after=after, limit=limit, fields=fields, newest_first=newest_first
        )

    def get_fields(self, keys: Iterable[Key], fields: Collection[str]) -> dict[Key, Item]:
        """Return these fields of the items that exist under these keys."""
        return self._engine.get_fields(keys, fields)

    def commit(self, writes: Sequence[Write]) -> None:
        """Write everything or nothing; raise Conflict when an expectation fails."""
        self._engine.commit(writes)

    def increment(self, key: Key, by: int = 1) -> int:
        """Add to the counter at a key and return the new value."""
        return self._engine.increment(key, by)

    def close(self) -> None:
        """Close the wrapped engine."""
        self._engine.close()
