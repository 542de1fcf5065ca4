"""Tables in other formats, through tablib and pandas, which the extra `[data]` installs."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from chalicelib.export.cell_types import AMOUNT, BOOLEAN, DECIMAL, INTEGER, MOMENT
from chalicelib.export.formats.workbooks import Rows, installed, spreadsheet_word, table_word, workbook
from chalicelib.model.record import iso, to_json_value


def moment_text(value: Any) -> Any:
    """Write a moment as the export does; leave the rest."""
    return iso(value) if isinstance(value, datetime) else value


def _text(value: Any) -> str:
    """Turn a value into what the export's CSV shows."""
    if value is None:
        return ""
    return format(value, "f") if isinstance(value, Decimal) else str(table_word(value))


def _dataset(name: str, columns: Sequence[str], rows: Rows, shown: Callable[[Any], Any]) -> Any:
    with installed():
        import tablib  # type: ignore[import-untyped]  # puts off 100 ms until somebody wants a format of its

    return tablib.Dataset(*([shown(value) for value in row] for row in rows), headers=columns, title=name)


def _text_table(form: str) -> Callable[[str, Sequence[str], Rows], str]:
    def write(name: str, columns: Sequence[str], rows: Rows) -> str:
        dataset = _dataset(name, columns, rows, _text)
        with installed():
            return str(dataset.export(form))

    return write


def _yaml(name: str, columns: Sequence[str], rows: Rows) -> str:
    if not rows:
        return "[]\n"
    dataset = _dataset(name, columns, rows, to_json_value)
    with installed():
        return str(dataset.export("yaml"))


def _xlsx(name: str, columns: Sequence[str], rows: Rows) -> bytes:
    return workbook([(name, columns, rows)])


def _ods(name: str, columns: Sequence[str], rows: Rows) -> bytes:
    with installed():
        from odf.opendocument import OpenDocumentSpreadsheet  # type: ignore[import-untyped]
        from odf.table import Table, TableRow  # type: ignore[import-untyped]

    document = OpenDocumentSpreadsheet()
    sheet = Table(name=name)
    document.spreadsheet.addElement(sheet)
    for row in ([*columns], *rows):
        line = TableRow()
        for value in row:
            line.addElement(_ods_cell(spreadsheet_word(value, name)))
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
    with installed():
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
