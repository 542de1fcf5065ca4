"""Writes tables into Excel workbooks through openpyxl, which the extra `[data]` installs."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Final

from chalicelib.export.csv_format import json_text
from chalicelib.export.data_errors import DataError
from chalicelib.model.record import to_json_value

Rows = Sequence[Sequence[Any]]

#: The most characters in a spreadsheet's cell (Microsoft: "Excel specifications and limits").
CELL_LIMIT: Final = 32_767
COLUMN_WIDTH: Final = 24
#: What spreadsheets can't hold in a text; the sign for "unreadable" takes its place.
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_UNREADABLE: Final = "\ufffd"


def can_write_workbooks() -> bool:
    """Whether the library for workbooks is installed."""
    return find_spec("openpyxl") is not None


@contextmanager
def installed() -> Iterator[None]:
    """Raise DataError where the block imports a library that isn't installed."""
    try:
        yield
    except ImportError as error:
        raise DataError(
            f"{error.name or error} isn't installed, which this format needs: pip install 'petri[data]'."
        ) from error


def workbook(tables: Iterable[tuple[str, Sequence[str], Rows]]) -> bytes:
    """Write tables into one Excel workbook, a sheet for each; every text stays a text."""
    with installed():
        from openpyxl import Workbook  # type: ignore[import-untyped]
        from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]

    book = Workbook(write_only=True)
    for name, columns, rows in tables:
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for index in range(len(columns)):
            sheet.column_dimensions[_letters(index)].width = COLUMN_WIDTH
        for row in ([*columns], *rows):
            sheet.append([_cell(WriteOnlyCell(sheet), spreadsheet_word(value, name)) for value in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _cell(cell: Any, word: Any) -> Any:
    cell.value = word
    if isinstance(word, str):
        # A participant's text that begins with "=" would be run as a formula, also after it was edited.
        cell.data_type = "s"
        cell.quotePrefix = word.startswith(("=", "+", "-", "@"))
    return cell


def _letters(index: int) -> str:
    from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

    return str(get_column_letter(index + 1))


def table_word(value: Any) -> Any:
    """Turn a value into one for a table of texts and numbers: objects as JSON, nothing for None."""
    if isinstance(value, dict | list):
        return json_text(value)
    return to_json_value(value)


def spreadsheet_word(value: Any, name: str) -> Any:
    """Turn a value into one that a cell can hold; a warning names the table whose texts are cut."""
    word = table_word(value)
    if not isinstance(word, str):
        return word
    if len(word) > CELL_LIMIT:
        warnings.warn(
            f"The table {name} has texts of more than {CELL_LIMIT:,} characters, which a spreadsheet's cell "
            "can't hold: they are cut. The csv has them whole.",
            stacklevel=2,
        )
        word = word[:CELL_LIMIT]
    return _FORBIDDEN.sub(_UNREADABLE, word)
