"""Tables in other formats, through tablib and pandas, which the extra `[data]` installs."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from chalicelib.export.cells import AMOUNT, MOMENT, TRUTH, WHOLE
from chalicelib.export.csvtext import json_text
from chalicelib.export.errors import DataError
from chalicelib.model.record import iso, plain

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
    return plain(value)


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
    dataset = _dataset(name, columns, rows, plain)
    with _installed():
        return str(dataset.export("yaml"))


def _xlsx(name: str, columns: Sequence[str], rows: Rows) -> bytes:
    with _installed():
        from openpyxl.cell.rich_text import CellRichText  # type: ignore[import-untyped]

    def cell(value: Any) -> Any:
        word = _spreadsheet_word(value, name)
        # A participant's text that begins with "=" would be run as a formula.
        return CellRichText(word) if isinstance(word, str) and word.startswith(("=", "#")) else word

    dataset = _dataset(name, columns, rows, cell)
    with _installed():
        return bytes(dataset.export("xlsx", column_width=COLUMN_WIDTH))


def _ods(name: str, columns: Sequence[str], rows: Rows) -> bytes:
    dataset = _dataset(name, columns, rows, lambda value: _spreadsheet_word(value, name))
    with _installed():
        return bytes(dataset.export("ods"))


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
    if type_ == WHOLE:
        return "Int64" if has_gaps else "int64"
    if type_ == TRUTH:
        return "boolean" if has_gaps else "bool"
    return {MOMENT: "datetime64[us, UTC]", AMOUNT: "float64"}.get(type_, "object")
