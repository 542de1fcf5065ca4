from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.export import MalformedTableError
from chalicelib.export.cell_types import read_typed_rows


def value(table: str, column: str, text: str) -> Any:
    _, rows = read_typed_rows(io.StringIO(f"id,{column}\n1,{text}\n"), table, f"{table}.csv")
    return next(rows)[1][1]


@pytest.mark.parametrize(
    ("table", "column", "text", "meant"),
    [
        ("node", "network_id", "12", 12),
        ("node", "participant_id", "3.0", 3),
        ("node", "participant_id", "", None),
        ("participant", "assignment_id", "007", "007"),
        ("info", "failed", "t", True),
        ("info", "failed", "False", False),
        ("participant", "bonus", "0.10", Decimal("0.10")),
        ("info", "details", '"{""a"": 1}"', {"a": 1}),
        ("info", "creation_time", "2017-01-01 12:00:00.000", datetime(2017, 1, 1, 12, tzinfo=UTC)),
        (
            "info",
            "creation_time",
            "2017-01-01T12:00:00.000001Z",
            datetime(2017, 1, 1, 12, 0, 0, 1, tzinfo=UTC),
        ),
        ("info", "creation_time", "2017-01-01 14:00:00+02:00", datetime(2017, 1, 1, 12, tzinfo=UTC)),
        ("info", "number", "an author's own column", "an author's own column"),
    ],
)
def test_a_cell_means_what_its_column_holds(table: str, column: str, text: str, meant: Any) -> None:
    assert value(table, column, text) == meant


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("network_id", "one"),
        ("creation_time", "yesterday"),
        ("failed", "perhaps"),
        ("details", "{"),
    ],
)
def test_a_cell_of_another_kind_is_refused_with_its_place(column: str, text: str) -> None:
    with pytest.raises(MalformedTableError, match=f"info.csv, line 2: {column} should be "):
        value("info", column, text)


def test_an_amount_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(MalformedTableError, match="amount of dollars"):
        value("participant", "bonus", "NaN")


@pytest.mark.parametrize("text", ["", "id,id\n", "id,\n"])
def test_a_table_without_a_proper_header_is_refused(text: str) -> None:
    with pytest.raises(MalformedTableError, match="line 1"):
        read_typed_rows(io.StringIO(text), "info", "info.csv")
