from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.export import MalformedTableError
from chalicelib.export.csv_format import format_cell, format_row, read_rows

texts = st.text(st.characters(exclude_categories=["Cs"]))


def read(text: str) -> list[list[str | None]]:
    return [row for _, row in read_rows(io.StringIO(text, newline=""), "info.csv")]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        ("", '""'),
        (True, "True"),
        (7, "7"),
        (Decimal("1E+2"), "100"),
        (Decimal("0.10"), "0.10"),
        ({"a": "é"}, '"{""a"":""é""}"'),
        ("plain text", "plain text"),
    ],
)
def test_a_value_is_written_as_the_contract_says(value: Any, written: str) -> None:
    assert format_cell(value) == written


@given(st.lists(st.lists(st.none() | texts, min_size=2, max_size=2), min_size=1))
def test_what_was_written_is_read_again(rows: list[list[str | None]]) -> None:
    header = ["a", "b"]
    kept = [row for row in rows if row != [None, None]]
    assert read("".join(map(format_row, [header, *kept]))) == [header, *kept]


@given(st.lists(texts, min_size=2, max_size=2))
def test_the_standard_librarys_reader_reads_it_too(row: list[str]) -> None:
    assert list(csv.reader(io.StringIO(format_row(row), newline=""))) == [row]


def test_an_empty_text_is_not_null() -> None:
    assert read('a,b\n"",\n') == [["a", "b"], ["", None]]


def test_a_row_knows_the_line_it_begins_on() -> None:
    rows = read_rows(io.StringIO('a,b\n1,"x\r\ny\rz"\n2,y\n', newline=""), "info.csv")
    assert [line for line, _ in rows] == [1, 2, 5]


def test_a_byte_order_mark_is_not_part_of_the_header() -> None:
    assert read("\ufeffid,b\n") == [["id", "b"]]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a,b\n1,2\n1,2,3\n", 3, "there are 3 fields, where the header has 2"),
        ('a,b\n1,"open\n2,3\n', 2, "never closes"),
        ('a,b\n1,x"y"\n', 2, "field 2"),
        ('a,b\n"x"y,1\n', 2, "field 1"),
    ],
)
def test_a_malformed_row_is_refused_with_file_and_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(MalformedTableError, match=problem) as refused:
        read(text)
    assert str(refused.value).startswith(f"info.csv, line {line}: ")
