"""Tables in other formats, through tablib and pandas, which the extra `[data]` installs."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from chalicelib.export.cell_types import AMOUNT, BOOLEAN, DECIMAL, INTEGER, MOMENT
from chalicelib.export.csv_format import json_text
from chalicelib.export.data_errors import DataError
from chalicelib.model.record import iso, to_json_value

Rows = Sequence[Sequence[Any]]

#: The most characters in a spreadsheet's cell (Microsoft: "Excel specifications and limits").
CELL_LIMIT: Final = 32_767
COLUMN_WIDTH: Final = 24
#: What spreadsheets can't hold in a text; the sign for "unreadable" takes its place.
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_UNREADABLE: Final = "\ufffd"


@contextmanager
def _installed() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise DataError(
            f"{error.name or error} isn't installed, which this format needs: pip install 'petri[data]'."
        ) from error


def moment_text(value: Any) -> Any:
    """Write a moment as the export does; leave the rest."""
    return iso(value) if isinstance(value, datetime) else value


def _word(value: Any) -> Any:
    """Turn a value into one for a table of texts and numbers: objects as JSON, nothing for None."""
    if isinstance(value, dict | list):
        return json_text(value)
    return to_json_value(value)


def _text(value: Any) -> str:
    """Turn a value into what the export's CSV shows."""
    if value is None:
        return ""
    return format(value, "f") if isinstance(value, Decimal) else str(_word(value))


def _dataset(name: str, columns: Sequence[str], rows: Rows, shown: Callable[[Any], Any]) -> Any:
    with _installed():
        import tablib  # type: ignore[import-untyped]  # puts off 100 ms until somebody wants a format of its

    return tablib.Dataset(*([shown(value) for value in row] for row in rows), headers=columns, title=name)


def _text_table(form: str) -> Callable[[str, Sequence[str], Rows], str]:
    def write(name: str, columns: Sequence[str], rows: Rows) -> str:
        dataset = _dataset(name, columns, rows, _text)
        with _installed():
            return str(dataset.export(form))

    return write


def _yaml(name: str, columns: Sequence[str], rows: Rows) -> str:
    if not rows:
        return "[]\n"
    dataset = _dataset(name, columns, rows, to_json_value)
    with _installed():
        return str(dataset.export("yaml"))


def _xlsx(name: str, columns: Sequence[str], rows: Rows) -> bytes:
    return workbook([(name, columns, rows)])


def workbook(tables: Iterable[tuple[str, Sequence[str], Rows]]) -> bytes:
    """Write tables into one Excel workbook, a sheet for each; every text stays a text."""
    with _installed():
        from openpyxl import Workbook  # type: ignore[import-untyped]
        from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]

    book = Workbook(write_only=True)
    for name, columns, rows in tables:
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for index in range(len(columns)):
            sheet.column_dimensions[_letters(index)].width = COLUMN_WIDTH
        for row in ([*columns], *rows):
            sheet.append([_cell(WriteOnlyCell(sheet), _spreadsheet_word(value, name)) for value in row])
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


def _ods(name: str, columns: Sequence[str], rows: Rows) -> bytes:
    with _installed():
        from odf.opendocument import OpenDocumentSpreadsheet  # type: ignore[import-untyped]
        from odf.table import Table, TableRow  # type: ignore[import-untyped]

    document = OpenDocumentSpreadsheet()
    sheet = Table(name=name)
    document.spreadsheet.addElement(sheet)
    for row in ([*columns], *rows):
        line = TableRow()
        for value in row:
            line.addElement(_ods_cell(_spreadsheet_word(value, name)))
        sheet.addElement(line)
    written = io.BytesIO()
    document.write(written)
    return written.getvalue()


def _ods_cell(word: Any) -> Any:
    from odf.table import TableCell
    from odf.teletype import addTextToElement  # type: ignore[import-untyped]
    from odf.text import P  # type: ignore[import-untyped]

    if word is None:
        # A type of its own for nothing, "void", is known to no reader.
        return TableCell()
    if isinstance(word, bool):
        return TableCell(valuetype="boolean", booleanvalue="true" if word else "false")
    if isinstance(word, int | float):
        return TableCell(valuetype="float", value=word)
    cell, paragraph = TableCell(valuetype="string"), P()
    addTextToElement(paragraph, word)
    cell.addElement(paragraph)
    return cell


def _spreadsheet_word(value: Any, name: str) -> Any:
    word = _word(value)
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


FORMATS: Final[dict[str, Callable[[str, Sequence[str], Rows], Any]]] = {
    "tsv": _text_table("tsv"),
    "html": _text_table("html"),
    "latex": _text_table("latex"),
    "yaml": _yaml,
    "xlsx": _xlsx,
    "ods": _ods,
}


def frame(columns: Mapping[str, tuple[str, Sequence[Any]]]) -> Any:
    """Make a DataFrame of columns: {name: (type, values)}."""
    with _installed():
        import pandas as pd  # type: ignore[import-untyped]  # puts off half a second until somebody wants a DataFrame

    series = {
        name: pd.Series(_plain_money(values), dtype=_dtype(type_, values))
        for name, (type_, values) in columns.items()
    }
    return pd.DataFrame(series)


def _plain_money(values: Sequence[Any]) -> list[Any]:
    return [float(value) if isinstance(value, Decimal) else value for value in values]


def _dtype(type_: str, values: Sequence[Any]) -> str:
    has_gaps = None in values
    if type_ == INTEGER:
        return "Int64" if has_gaps else "int64"
    if type_ == BOOLEAN:
        return "boolean" if has_gaps else "bool"
    return {MOMENT: "datetime64[us, UTC]", AMOUNT: "float64", DECIMAL: "float64"}.get(type_, "object")
