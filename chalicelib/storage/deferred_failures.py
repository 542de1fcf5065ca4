"""Decides which failures are left to later commits when one transaction can't write all of them.

A failed node takes two writes, its own and its network's, and a DynamoDB transaction takes 100; a
participant may have nodes in hundreds of networks. Records that a unit of work has failed but not changed
otherwise can be left out of its commit: a message that the commit records fails them again, in their then
current state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chalicelib.model.record import Record, details_text

from . import record_mapping

#: The records that have to be written together: those of a network, or one question.
Group = tuple[str, int]
#: A record to fail: its object_type and id, and the reason.
Failure = tuple[str, int, str | None]


def group_of(record: Record) -> Group | None:
    """Return the group of a record; None for one whose changes are never left out."""
    if record.object_type == "Network":
        return "Network", record.id
    if record.object_type == "Question":
        return "Question", record.id
    network_id = getattr(record, "network_id", None)
    return None if network_id is None else ("Network", network_id)


@dataclass
class FailureLog:
    """Logs the failures of one unit of work, and the fields of its failed records right after they failed."""

    failures: dict[Group, list[Failure]] = field(default_factory=dict)
    #: The groups of the records that are failing at the moment, the outermost first.
    _failing: list[Group | None] = field(default_factory=list)
    #: The records that the outermost failure changes.
    _changing: dict[int, Record] = field(default_factory=dict)
    #: The fields, after the last failure, of records that only failures have changed, by the record's
    #: identity.
    _after: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    #: Records that have also changed otherwise.
    _mixed: set[int] = field(default_factory=set)

    @contextmanager
    def failing(self, record: Record, reason: str | None) -> Iterator[None]:
        """Record a failure and the changes that it makes."""
        group = group_of(record)
        if group is not None and group not in self._failing:
            self.failures.setdefault(group, []).append((record.object_type, record.id, reason))
        for one in (record, *record._failure_counters()):
            self._begin(one)
        self._failing.append(group)
        is_complete = False
        try:
            yield
            is_complete = True
        finally:
            self._failing.pop()
            if not self._failing:
                self._end(is_complete=is_complete)

    def _end(self, *, is_complete: bool) -> None:
        """Note what the outermost failure has changed; one that an error ended can't be repeated later."""
        if is_complete:
            self._after.update((key, _fields(one)) for key, one in self._changing.items())
        else:
            self._mixed.update(self._changing)
        self._changing.clear()

    def _begin(self, record: Record) -> None:
        key = id(record)
        if key in self._changing:
            return
        self._changing[key] = record
        if not self._is_unmixed(record):
            self._mixed.add(key)

    def _is_unmixed(self, record: Record) -> bool:
        """Whether only failures have changed a record so far."""
        after = self._after.get(id(record))
        if after is None:
            return not (record.is_new or record.is_changed)
        return id(record) not in self._mixed and after == _fields(record)

    def deferrable(self, changed: Sequence[Record]) -> dict[Group, list[Record]]:
        """Return the changed records of each group in which only failures have changed records."""
        groups: dict[Group, list[Record]] = {group: [] for group in self.failures}
        others: set[Group] = set()
        for record in changed:
            group = group_of(record)
            if group is None or group not in groups:
                continue
            groups[group].append(record)
            if id(record) not in self._after or not self._is_unmixed(record):
                others.add(group)
        return {group: records for group, records in groups.items() if group not in others}


def _fields(record: Record) -> Mapping[str, Any]:
    # Lists and objects are copied: they may be changed in place.
    return {
        name: details_text(value) if isinstance(value, dict | list) else value
        for name, value in record_mapping.fields_of(record).items()
    }
