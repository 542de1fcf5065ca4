"""docs/data.md tells every table and every column."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chalicelib.export import COLUMNS, TABLES
from chalicelib.export.table_schema import ASSETS, CLASS_TABLES, MESSAGE_TABLES, STUDY_TABLES, WIDE_COLUMNS
from chalicelib.model.record import COMMON_FIELDS

PAGE = Path(__file__).parents[3].joinpath("docs", "data.md").read_text(encoding="utf-8")


def told(text: str) -> set[str]:
    """The names in the first column of a section's table."""
    rows = re.findall(r"^\| (`[^|]*`) \|", text, flags=re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize("table", [*STUDY_TABLES, *MESSAGE_TABLES, *CLASS_TABLES, ASSETS])
def test_every_column_of_a_study_or_of_messages_is_documented(table: str) -> None:
    section = PAGE.split(f"\n### {table}\n")[1].split("\n#")[0]
    assert told(section) == set({**COLUMNS, **WIDE_COLUMNS}[table])


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_documented(table: str) -> None:
    section = PAGE.split(f"\n### {table}\n")[1].split("\n#")[0]
    assert told(section) == set(COLUMNS[table]) - {*COMMON_FIELDS, "object_type"}


def test_the_common_columns_are_documented() -> None:
    section = PAGE.split("Every table begins with these columns:")[1].split("followed by its own")[0]
    assert told(section) == set(COMMON_FIELDS)
