"""Streams tables out: `rows` of one table, `write_zip` of all; `Export` reads them again."""

from __future__ import annotations

from .archive import write_zip
from .data_errors import DataError, MalformedTableError
from .export_reader import Export
from .rows import rows
from .table_schema import COLUMNS, TABLES

__all__ = ["COLUMNS", "TABLES", "DataError", "Export", "MalformedTableError", "rows", "write_zip"]
