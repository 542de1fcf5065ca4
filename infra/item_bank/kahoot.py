"""Reads and writes the spreadsheet template of Kahoot: a question in each row, with up to four answers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from chalicelib.errors import BadRequest
from chalicelib.export.formats.workbooks import workbook

from .bank_item import BankItem, ImportedItems, Loss, left_out, options_of, rights_of

#: How many bytes a workbook may unpack to: real ones have some hundred kilobytes.
MOST_UNPACKED: Final = 50_000_000
MOST_ROWS: Final = 5_000
MOST_ANSWERS: Final = 4
_MOST_COLUMNS: Final = 100
_SECONDS: Final = 20
#: How many characters Kahoot takes.
_MOST_QUESTION, _MOST_ANSWER = 120, 75
_QUESTION, _RIGHT, _TIME = "question", "correct answer", "time limit"
_ANSWERS: Final = tuple(f"answer {number}" for number in range(1, MOST_ANSWERS + 1))
_HEADINGS: Final = (
    f"Question - max {_MOST_QUESTION} characters",
    *(f"Answer {number} - max {_MOST_ANSWER} characters" for number in range(1, MOST_ANSWERS + 1)),
    "Time limit (sec) \N{EN DASH} 5, 10, 20, 30, 60, 90, 120, or 240 secs",
    "Correct answer(s) - choose at least one",
)
_UNREADABLE: Final = (KeyError, ValueError, TypeError, OSError, IndexError, ParseError, zipfile.BadZipFile)


def read_kahoot(content: bytes) -> ImportedItems:
    """Return the items of a filled-in template.

    Raises BadRequest for a file that isn't a workbook, unpacks to more than 50 MB, or lacks a column.
    """
    found = ImportedItems()
    _look_inside(content, found)
    try:
        rows = list(_rows(content, found))
    except _UNREADABLE as error:
        raise BadRequest(f"The workbook can't be read: {error}. Save it again as .xlsx.") from error
    for index, (_, row) in enumerate(rows):
        columns = _columns(row)
        if columns is not None:
            others = _others(row, columns)
            for number, cells in rows[index + 1 :]:
                _add(found, f"row {number}", cells, columns, others)
            return found
    raise BadRequest(
        "No row of the first sheet has the headings Question, Answer 1, Answer 2 and Correct answer(s); "
        "download the template again, and leave its headings as they are."
    )


def _look_inside(content: bytes, found: ImportedItems) -> None:
    """Note pictures, and refuse what isn't a workbook or is a zip bomb."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            entries = packed.infolist()
    except zipfile.BadZipFile:
        raise BadRequest("The file isn't an Excel workbook (.xlsx), whatever its name says.") from None
    unpacked = sum(one.file_size for one in entries)
    if unpacked > MOST_UNPACKED:
        raise BadRequest(f"The workbook unpacks to {unpacked:,} bytes; the maximum is {MOST_UNPACKED:,}.")
    pictures = sum(one.filename.startswith("xl/media/") for one in entries)
    if pictures:
        told = f"pictures of the workbook aren't taken over: {pictures}; put them into assets/."
        found.lose("workbook", told)


def _rows(content: bytes, found: ImportedItems) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of the first sheet with their numbers."""
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    sheet, *more = book.worksheets
    for other in more:
        if any(cell is not None for cells in other.iter_rows(values_only=True, max_row=9) for cell in cells):
            found.lose(f"sheet {other.title}", "not imported: only the first sheet is read.")
    limits = {"max_row": MOST_ROWS + 1, "max_col": _MOST_COLUMNS}
    for number, cells in enumerate(sheet.iter_rows(values_only=True, **limits), 1):
        if number > MOST_ROWS:
            found.lose(f"row {number}", f"not imported, nor what follows: the maximum is {MOST_ROWS:,} rows.")
            return
        yield number, [_cell(one) for one in cells]


def _cell(value: Any) -> str:
    """Return a cell as it is shown: 5, and not 5.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _columns(row: Sequence[str]) -> dict[str, int] | None:
    """Return where each column stands, if this row has the headings."""
    places: dict[str, int] = {}
    for index, cell in enumerate(row):
        for name in (_QUESTION, *_ANSWERS, _TIME, _RIGHT):
            if cell.lower().startswith(name):
                places.setdefault(name, index)
    return places if {_QUESTION, *_ANSWERS[:2], _RIGHT} <= places.keys() else None


def _others(row: Sequence[str], columns: Mapping[str, int]) -> dict[int, str]:
    """Return the headings of columns that an item doesn't have, by place.

    The first column of the template numbers the rows, without a heading.
    """
    known, headings = {0, *columns.values()}, dict(enumerate(row))
    places = [index for index in range(_MOST_COLUMNS) if index not in known]
    return {index: headings.get(index) or f"column {index + 1}" for index in places}


def _add(
    found: ImportedItems,
    where: str,
    row: Sequence[str],
    columns: Mapping[str, int],
    others: Mapping[int, str],
) -> None:
    cells = {name: row[index] if index < len(row) else "" for name, index in columns.items()}
    options = _options(cells)
    lost = [heading for index, heading in others.items() if index < len(row) and row[index]]
    if not cells[_QUESTION]:
        if options or lost or cells[_RIGHT]:
            found.lose(where, "not imported: it has answers, and no question.")
        return
    right = _right(cells[_RIGHT])
    if not right or not set(right) <= options.keys():
        found.lose(where, f"not imported: {cells[_RIGHT]!r} doesn't name correct ones of its answers.")
        return
    if lost:
        found.lose(where, f"not taken over: {', '.join(lost)}.")
    if cells.get(_TIME):
        found.lose(where, f"the time limit of {cells[_TIME]} s belongs to a page: Page(..., seconds=...).")
    kind, rights = ("choice", right[0]) if len(right) == 1 else ("choices", right)
    found.add(where, "", kind, cells[_QUESTION], {"options": options, "right": rights})


def _right(cell: str) -> list[str]:
    """Return the keys of the options that a cell such as 1,3 names, each once."""
    return list(dict.fromkeys(f"o{one.strip()}" for one in cell.split(",") if one.strip()))


def _options(cells: Mapping[str, str]) -> dict[str, str]:
    numbered = enumerate(_ANSWERS, 1)
    return {f"o{number}": cells[name] for number, name in numbered if cells.get(name)}


def write_kahoot(items: Sequence[BankItem]) -> tuple[bytes, list[Loss]]:
    """Return items as a filled-in template, and what can't be written: it knows up to four options."""
    rows: list[list[Any]] = []
    losses = []
    for item in items:
        options = options_of(item)
        right = [number for number, key in enumerate(options, 1) if key in rights_of(item)]
        if item.kind not in ("choice", "choices") or not right or len(options) > MOST_ANSWERS:
            told = f"not exported: the template has no {item.kind} without right options, or with over 4."
            losses.append(Loss(item.name, told, whole=True))
            continue
        losses += left_out(item, {"options", "right"})
        if item.kind == "choice" and len(right) > 1:
            losses.append(Loss(item.name, "players of Kahoot can choose all of its right options."))
        if len(item.prompt) > _MOST_QUESTION or any(len(label) > _MOST_ANSWER for label in options.values()):
            told = f"Kahoot takes questions of {_MOST_QUESTION} characters, and answers of {_MOST_ANSWER}."
            losses.append(Loss(item.name, f"{told} Shorten it there."))
        blank = [""] * (MOST_ANSWERS - len(options))
        rows.append([item.prompt, *options.values(), *blank, _SECONDS, ",".join(map(str, right))])
    return workbook([("Sheet1", list(_HEADINGS), rows)]), losses
