"""Defines the tables of an export and their columns, in the order of docs/contract.md."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.errors import NotFound
from chalicelib.model.record import COMMON_FIELDS
from chalicelib.storage.record_mapping import KINDS

Row = dict[str, Any]

#: In the order in which exports list them.
TABLES: Final = (
    "network",
    "info",
    "notification",
    "question",
    "transformation",
    "vector",
    "transmission",
    "participant",
    "node",
    "recruitment",
    "payment",
)
#: Tables that every export has, Dallinger's too.
CORE_TABLES: Final = TABLES[:9]
#: Stored fields of a participant that no route returns.
ADDED_COLUMNS: Final = {"participant": ("worker_id", "unique_id", "fingerprint_hash", "consent")}
COLUMNS: Final = {
    table: (*COMMON_FIELDS, *KINDS[table].own_fields, *ADDED_COLUMNS.get(table, ())) for table in TABLES
}


def columns_of(table: str) -> tuple[str, ...]:
    """Return a table's columns; NotFound for an unknown table."""
    try:
        return COLUMNS[table]
    except KeyError:
        raise NotFound(f"There is no table {table!r}; the tables are {', '.join(TABLES)}.") from None


def file_of(table: str) -> str:
    """Return the path of a table in the zip."""
    return f"data/{table}.csv"
