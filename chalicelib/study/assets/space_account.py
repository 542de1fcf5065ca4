"""Defines the account of a quota: what stored files take, and what is reserved for uploads under way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.study.study_records import StoredFields


@dataclass
class SpaceAccount(StoredFields):
    """How much space files take, and how much is reserved for uploads that aren't finished."""

    #: The bytes of all files, also of those that are deleted and can be restored.
    used: int = 0
    #: How many records have files, also deleted ones.
    count: int = 0
    #: By the id of each upload: name, size, sha256, who began it, and until when the space is reserved.
    reserved: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def reserved_bytes(self) -> int:
        """The bytes that are reserved."""
        return sum(int(each["size"]) for each in self.reserved.values())

    def free(self, quota: int) -> int:
        """Return the bytes that are left of a quota; below 0 where it was lowered below what is used."""
        return quota - self.used - self.reserved_bytes

    def drop_ended(self, now: datetime) -> None:
        """Give back the space of uploads that weren't finished in time."""
        moment = now.timestamp()
        self.reserved = {name: each for name, each in self.reserved.items() if each["until"] > moment}
