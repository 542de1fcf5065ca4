"""`load_zip`: loads an export of Petri or Dallinger into a store, so that the platform serves it again.

The whole export is read and validated before the first item is written. Roots of networks are written last,
so an interrupted load shows no network, and the next load refuses the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from chalicelib.export import TABLES, DataError, Export
from chalicelib.export.table_schema import Row
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.ports import FileStore
from chalicelib.storage.engine import Engine, Item, Key

from . import items
from .export_source import ExportSource
from .ids import Ids, learn
from .message_import import check_messages, write_messages
from .study_import import check_study, restore_files, write_study
from .survey import Survey, survey, translated
from .writer import Writer

#: Monotonic counters, by the table whose ids they number.
COUNTED: Final = ("participant", "notification", "recruitment")
#: The batch size of transmissions whose infos are fetched in one call.
AT_ONCE: Final = 100

__all__ = ["check_zip", "load_zip"]


def check_zip(path: Path | str) -> None:
    """Validate an export as `load_zip` does, without writing; raises DataError with what is wrong."""
    with Export(path) as export:
        _surveyed(export)


def load_zip(path: Path | str, engine: Engine, files: FileStore | None = None) -> dict[str, int]:
    """Write an export into an empty store and return how many rows each table had.

    path: a zip, or the folder that it was unpacked into. files: where the uploaded files that it may have are
    kept. Petri's ids are kept. Other ids are replaced by Petri's, and each record keeps its own in
    details["original_id"]. Raises DataError, before any record is written, for a store that isn't empty and
    for an incomplete or inconsistent export.
    """
    _refuse_unless_empty(engine)
    with Export(path) as export:
        source, ids, seen = _surveyed(export)
        if files is not None:
            restore_files(export, files)
        _Loading(engine, source, ids, seen).write()
    return {table: seen.counts[table] for table in TABLES}


def _surveyed(export: Export) -> tuple[ExportSource, Ids, Survey]:
    source = ExportSource(export)
    ids = learn(source)
    seen = survey(source, ids)
    check_study(export, ids)
    check_messages(export, ids)
    return source, ids, seen


def _refuse_unless_empty(engine: Engine) -> None:
    if engine.get([keys.HEADER, keys.EXPERIMENT, *map(keys.counter, COUNTED)]):
        raise DataError("This run has data already; load into a new one, under another id.")


class _Loading:
    """Writes the surveyed export."""

    def __init__(self, engine: Engine, source: ExportSource, ids: Ids, seen: Survey) -> None:
        self._engine = engine
        self._source = source
        self._ids = ids
        self._seen = seen
        self._writer = Writer(engine)

    def write(self) -> None:
        self._write_numbers()
        self._write_people()
        write_messages(self._source.export, self._writer)
        self._write_each("info", items.info_item)
        self._write_each("transformation", items.transformation_item)
        for row in self._rows("vector"):
            self._writer.put(*items.vector_items(row))
        self._writer.finish()
        self._write_transmissions()
        write_study(self._source.export, self._engine, self._writer)
        self._write_each("node", lambda row: items.node_item(row, self._seen))
        self._writer.finish()
        self._write_each("network", lambda row: items.network_item(row, self._seen))
        self._writer.finish()

    def _rows(self, table: str) -> Iterator[Row]:
        return (row for _, row in translated(self._source, self._ids, table))

    def _write_each(self, table: str, as_item: Callable[[Row], Item]) -> None:
        self._writer.put_all(map(as_item, self._rows(table)))

    def _write_numbers(self) -> None:
        """Write the items that mark the store as used: counters, header, the experiment's own state."""
        for name in COUNTED:
            if self._seen.largest[name]:
                self._engine.increment(keys.counter(name), self._seen.largest[name])
        header = {"last_id": self._seen.largest["network"]}
        self._writer.put(items.item_at(keys.HEADER, "networks_header", header))
        state = dict(self._seen.experiment)
        if self._seen.first_time is not None:
            # With networks, the experiment was launched: a launch must not create them again.
            state.setdefault("launched", iso(self._seen.first_time))
        self._writer.put(items.item_at(keys.EXPERIMENT, "experiment", state))
        self._writer.finish()

    def _write_people(self) -> None:
        claims = items.Claims()
        for row in self._rows("participant"):
            claims.add(row)
            self._writer.put(*items.participant_items(row, self._seen))
        self._writer.put_all(claims.items())
        self._write_each("question", items.question_item)
        for row in self._rows("payment"):
            self._writer.put(*items.payment_items(row))
        self._write_each("notification", items.notification_item)
        self._write_each("recruitment", items.recruitment_item)

    def _write_transmissions(self) -> None:
        """Write transmissions, each with a copy of its info, which is stored already."""
        for some in _in_groups(self._rows("transmission"), AT_ONCE):
            places: list[Key] = [keys.info(row["info_id"]) for row in some]
            infos = self._engine.get(places)
            for row, place in zip(some, places, strict=True):
                self._writer.put(*items.transmission_items(row, infos[place]))


def _in_groups(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    left = iter(rows)
    while some := list(islice(left, size)):
        yield some
