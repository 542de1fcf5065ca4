"""Caches the decoded items of networks, which nearly every request lists, across units of work.

The version of a root, which each change increments, tells whether it is current. A record shares the cached
objects until it needs one, and then gets its own copy, since its unit of work may change it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from chalicelib.model import keys
from chalicelib.model.network import Network
from chalicelib.model.record_classes import class_for_type

from . import record_mapping
from .engine import Engine, Item


@dataclass(frozen=True, slots=True)
class _CachedNetwork:
    """A record's state as its item gave it."""

    item: Item
    cls: type[Network]
    state: dict[str, Any]


class NetworkCache:
    """A process's cache of the networks in one store; threads may share it."""

    def __init__(self) -> None:
        """Create an empty cache."""
        self._items: dict[str, Item] = {}
        self._filled: dict[str, _CachedNetwork] = {}

    def listed(self, engine: Engine) -> Iterator[Item]:
        """Yield the items of all networks as they are now, and their header; to be read, not changed."""
        for item in engine.query_known(keys.NETWORKS, self._items):
            self._items[item["sk"]] = item
            yield item

    def record(self, item: Item) -> Network:
        """Create a record from a network's item."""
        filled = self._filled.get(item["sk"])
        if (
            filled is None
            or filled.item is not item
            or filled.cls is not class_for_type(Network, item["type"])
        ):
            filled = self._filled[item["sk"]] = _fill(item)
        record = filled.cls.blank()
        record.__dict__.update(filled.state)
        return record


def _fill(item: Item) -> _CachedNetwork:
    record = cast("Network", record_mapping.make_record("network", item))
    state = record.__dict__
    objects = {name: state.pop(name) for name, _ in Network.object_fields if name in state}
    return _CachedNetwork(item, type(record), {**state, "_shared": objects})
