"""Implements the Store port with an engine."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from chalicelib.model import keys
from chalicelib.model.record import iso, moment
from chalicelib.ports import Message

from .engine import Engine, Item
from .network_cache import NetworkCache
from .unit_of_work import EngineUnitOfWork

#: How many expired records of one sort a job deletes.
MOST_DELETED: Final = 1_000


class EngineStore:
    """Opens units of work over an engine."""

    def __init__(self, engine: Engine) -> None:
        """`engine`: the run's."""
        self.engine = engine
        self._roots = NetworkCache()

    def begin(self, now: datetime) -> EngineUnitOfWork:
        """Open a unit of work; leaving the block without a commit discards it."""
        return EngineUnitOfWork(self.engine, now, self._roots)

    def due(self, until: datetime) -> list[Message]:
        """Return recorded messages that are due, oldest first in each shard."""
        last = f"{iso(until)}~"
        return [
            _message(item)
            for shard in range(keys.DUE_SHARDS)
            for item in self.engine.query_until(keys.due(shard), last)
        ]

    @property
    def deletes_expired(self) -> bool:
        """Whether the database deletes expired records by itself."""
        return self.engine.deletes_expired

    def delete_expired(self, now: datetime) -> int:
        """Delete expired records, at most a thousand of each sort: a job doesn't hold participants up."""
        return sum(
            self.engine.delete_expired(prefix, now.timestamp(), MOST_DELETED) for prefix in keys.EXPIRING
        )

    def has_messages(self) -> bool:
        """Whether any message is recorded, whenever it is due; reads only the first."""
        return any(True for shard in range(keys.DUE_SHARDS) for _ in self.engine.query(keys.due(shard)))

    def close(self) -> None:
        """Close the engine's files and connections."""
        self.engine.close()


def _message(item: Item) -> Message:
    due = moment(item["sk"].partition("#")[0])
    return Message((item["pk"], item["sk"]), item["body"], due, moment(item.get("carried_until")))
