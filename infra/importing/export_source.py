"""Reads an export's rows with Petri's names, translated from Dallinger's if necessary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from chalicelib.export import COLUMNS, Export, MalformedTableError
from chalicelib.export.table_schema import Row
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.storage.record_mapping import KINDS

#: The columns that refer to other records, and their tables.
REFERENCES: Final[dict[str, dict[str, str]]] = {
    "node": {"network_id": "network", "participant_id": "participant"},
    "info": {"origin_id": "node", "network_id": "network"},
    "vector": {"origin_id": "node", "destination_id": "node", "network_id": "network"},
    "transmission": {
        "vector_id": "vector",
        "info_id": "info",
        "origin_id": "node",
        "destination_id": "node",
        "network_id": "network",
    },
    "transformation": {
        "info_in_id": "info",
        "info_out_id": "info",
        "node_id": "node",
        "network_id": "network",
    },
    "question": {"participant_id": "participant"},
    "payment": {"participant_id": "participant"},
}
#: A source has no participant.
MAY_BE_NULL: Final = {("node", "participant_id")}
#: Required columns, besides id, time and references.
ESSENTIAL: Final = {"payment": ("kind", "amount", "status"), "transmission": ("status",)}
#: Older names of columns.
RENAMED: Final = {"recruiter_id": "recruiter"}
#: Defaults for columns that an older export doesn't have.
UNTOLD: Final[dict[str, Row]] = {
    "recruitment": {"recruiter": "", "event_type": "recruit", "n": 1},
    "question": {"number": 0},
    "participant": {"status": ParticipantStatus.WORKING.value},
}
#: A base class's type name in Dallinger.
BASE: Final = "base"


class ExportSource:
    """Reads an export's tables one row at a time."""

    def __init__(self, export: Export) -> None:
        """`export`: an open export; raises DataError when a table is missing."""
        export.require()
        self.export = export

    def rows(self, table: str) -> Iterator[tuple[int, Row]]:
        """Yield a table's rows with their lines; nothing for a table that the export doesn't have."""
        if table not in self.export.tables:
            return
        needed = ("id", "creation_time", *REFERENCES.get(table, ()), *ESSENTIAL.get(table, ()))
        with self.export.rows(table) as (header, rows):
            names = [RENAMED.get(name, name) for name in header]
            strange = [name for name in names if name not in COLUMNS[table]]
            for line, values in rows:
                row = _as_record(table, dict(zip(names, values, strict=True)), strange)
                for name in needed:
                    if row.get(name) is None and (table, name) not in MAY_BE_NULL:
                        raise MalformedTableError(f"{table}.csv", line, f"{name} is empty or missing.")
                yield line, row


def _as_record(table: str, found: Row, strange: Sequence[str]) -> Row:
    """Return a row with Petri's columns; unknown ones go into `details`."""
    more = {name: value for name in strange if (value := found.pop(name)) is not None}
    row: Row = {**dict.fromkeys(COLUMNS[table]), **found}
    for name, value in UNTOLD.get(table, {}).items():
        row[name] = value if row[name] is None else row[name]
    row["details"] = {**more, **(row["details"] or {})}
    row["failed"] = bool(row["failed"])
    if row["failed"] and row["time_of_death"] is None:
        row["time_of_death"] = row["creation_time"]
    if row.get("type", "") in (None, BASE):
        row["type"] = KINDS[table].type
    return row


#: Owners come before what they own.
LOADING_ORDER: Final = (
    "network",
    "participant",
    "node",
    "info",
    "vector",
    "transmission",
    "transformation",
    "question",
    "payment",
    "notification",
    "recruitment",
)
