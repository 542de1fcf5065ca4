"""Reads and writes CSV as PostgreSQL does: an empty cell is null, "" is an empty text.

The standard library's reader can't tell the two apart before Python 3.12, and an info may well have
empty contents. Fields with a comma, a quote or a line's end are quoted; a quote is doubled. UTF-8.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

from .data_errors import MalformedTableError

_NEEDS_QUOTES: Final = re.compile(r'[",\r\n]')
#: Spreadsheets of many countries separate cells with semicolons; none of these is in a column's name.
_SEPARATORS: Final = (",", ";", "\t")
_FIELDS: Final = {
    separator: re.compile(rf'(?:"([^"]*(?:""[^"]*)*)"|([^{separator}"]*))({separator}|\Z)')
    for separator in _SEPARATORS
}
#: What spreadsheets take for the beginning of a formula, behind any apostrophes.
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
_MARKED: Final = re.compile(r"'+[=+\-@\t\r]")
_BYTE_ORDER_MARK: Final = "\ufeff"


def format_cell(value: Any) -> str:
    """Write one value: True/False, plain decimals, objects as JSON, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict | list):
        return _text(json_text(value))
    return str(value)


def json_text(value: Any) -> str:
    """Write an object as short JSON, in the very form that SQLite's views give."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(text: str) -> str:
    if text == "" or _NEEDS_QUOTES.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def excel_safe(value: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would take for a formula."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def strip_excel_mark(value: Any) -> Any:
    """Take off the apostrophe that `excel_safe` has put before a text."""
    return value[1:] if isinstance(value, str) and _MARKED.match(value) else value


def format_row(values: Iterable[Any]) -> str:
    """Write one row, its line's end included."""
    return ",".join(map(format_cell, values)) + "\n"


def read_rows(lines: Iterable[str], file: str) -> Iterator[tuple[int, list[str | None]]]:
    """Yield rows with the number of the line that each begins on; `lines` keep their ends.

    The first is the header, and shows what separates fields: commas, or the semicolons or tabs of a
    spreadsheet that has written the file again. MalformedTableError when quotes don't match or a row has more
    or fewer fields than the header.
    """
    width, separator = 0, ""
    for number, text in _whole_rows(lines, file):
        separator = separator or next((each for each in _SEPARATORS if each in text), ",")
        fields = _fields(text, file, number, separator)
        width = width or len(fields)
        if len(fields) != width:
            raise MalformedTableError(
                file, number, f"there are {len(fields)} fields, where the header has {width}."
            )
        yield number, fields


def _whole_rows(lines: Iterable[str], file: str) -> Iterator[tuple[int, str]]:
    """Join the lines of rows with line ends inside quotes; drop empty lines."""
    parts: list[str] = []
    quotes = begun = 0
    for number, line in enumerate(lines, start=1):
        if not parts:
            begun = number
        parts.append(line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line)
        quotes += line.count('"')
        if quotes % 2:
            continue
        text = _without_end("".join(parts))
        parts.clear()
        quotes = 0
        if text:
            yield begun, text
    if parts:
        raise MalformedTableError(file, begun, "a quote opens here and never closes. Is the file complete?")


def _without_end(text: str) -> str:
    return text[:-2] if text.endswith("\r\n") else text[:-1] if text.endswith(("\n", "\r")) else text


def _fields(text: str, file: str, number: int, separator: str) -> list[str | None]:
    if '"' not in text:
        return [field or None for field in text.split(separator)]
    fields: list[str | None] = []
    pattern, at = _FIELDS[separator], 0
    while True:
        found = pattern.match(text, at)
        if found is None:
            raise MalformedTableError(
                file, number, f"a quote stands wrong in field {len(fields) + 1}: inside quotes double it."
            )
        quoted, plain, end = found.groups()
        fields.append(plain or None if quoted is None else quoted.replace('""', '"'))
        if not end:
            return fields
        at = found.end()
