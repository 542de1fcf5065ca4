"""Reads and writes the spreadsheet template of Kahoot: a question in each row, with up to four answers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from chalicelib.errors import BadRequest
from chalicelib.export.formats.workbooks import workbook

from .aiken import options_of, rights_of
from .bank_item import BankItem, ImportedItems, Loss

#: How many bytes a workbook may unpack to: real ones have some hundred kilobytes.
MOST_UNPACKED: Final = 50_000_000
MOST_ROWS: Final = 5_000
MOST_ANSWERS: Final = 4
_SECONDS: Final = 20
_QUESTION, _RIGHT, _TIME = "question", "correct answer", "time limit"
_HEADINGS: Final = (
    "Question - max 120 characters",
    *(f"Answer {number} - max 75 characters" for number in range(1, MOST_ANSWERS + 1)),
    "Time limit (sec) \N{EN DASH} 5, 10, 20, 30, 60, 90, 120, or 240 secs",
    "Correct answer(s) - choose at least one",
)


def read_kahoot(content: bytes) -> ImportedItems:
    """Return the items of a filled-in template.

    Raises BadRequest for a file that isn't a workbook, unpacks to more than 50 MB, or lacks a column.
    """
    found = ImportedItems()
    rows = _rows(content)
    for _, row in rows:
        columns = _columns(row)
        if columns is not None:
            break
    else:
        raise BadRequest(
            "No row of the first sheet has the headings Question, Answer 1, Answer 2 and Correct answer(s); "
            "download the template again, and leave its headings as they are."
        )
    for number, row in rows:
        _add(found, f"row {number}", row, columns)
    return found


def _rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of the first sheet with their numbers."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(one.file_size for one in packed.infolist())
    except zipfile.BadZipFile:
        raise BadRequest("The file isn't an Excel workbook (.xlsx), whatever its name says.") from None
    if unpacked > MOST_UNPACKED:
        raise BadRequest(f"The workbook unpacks to {unpacked:,} bytes; the maximum is {MOST_UNPACKED:,}.")
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    try:
        sheet = load_workbook(io.BytesIO(content), read_only=True, data_only=True).worksheets[0]
    except (KeyError, ValueError, OSError, IndexError) as error:
        raise BadRequest(f"The workbook can't be read: {error}. Save it again as .xlsx.") from error
    for number, cells in enumerate(sheet.iter_rows(values_only=True, max_row=MOST_ROWS), 1):
        yield number, ["" if cell is None else str(cell).strip() for cell in cells]


def _columns(row: Sequence[str]) -> dict[str, int] | None:
    """Return where each column stands, if this row has the headings."""
    headings = [cell.lower() for cell in row]
    wanted = (_QUESTION, "answer 1", "answer 2", "answer 3", "answer 4", _TIME, _RIGHT)
    places = {name: index for name in wanted for index, cell in enumerate(headings) if cell.startswith(name)}
    return places if {_QUESTION, "answer 1", "answer 2", _RIGHT} <= places.keys() else None


def _add(found: ImportedItems, where: str, row: Sequence[str], columns: Mapping[str, int]) -> None:
    cells = {name: row[index] if index < len(row) else "" for name, index in columns.items()}
    options = _options(cells)
    if not cells[_QUESTION]:
        if options:
            found.lose(where, "not imported: it has answers, and no question.")
        return
    right = [f"o{one.strip().removesuffix('.0')}" for one in cells[_RIGHT].split(",") if one.strip()]
    if not right or not set(right) <= options.keys():
        found.lose(where, f"not imported: {cells[_RIGHT]!r} doesn't name correct ones of its answers.")
        return
    if cells.get(_TIME):
        found.lose(where, f"the time limit of {cells[_TIME]} s belongs to a page: Page(..., seconds=...).")
    if len(right) == 1:
        found.add(where, "", "choice", cells[_QUESTION], {"options": options, "right": right[0]})
    else:
        found.add(where, "", "choices", cells[_QUESTION], {"options": options, "right": right})


def _options(cells: Mapping[str, str]) -> dict[str, str]:
    numbers = range(1, MOST_ANSWERS + 1)
    return {f"o{one}": cells[f"answer {one}"] for one in numbers if cells.get(f"answer {one}")}


def write_kahoot(items: Sequence[BankItem]) -> tuple[bytes, list[Loss]]:
    """Return items as a filled-in template, and which can't be written: it knows up to four options."""
    rows: list[list[Any]] = []
    losses = []
    for item in items:
        options = options_of(item)
        right = [number for number, key in enumerate(options, 1) if key in rights_of(item)]
        if item.kind not in ("choice", "choices") or not right or len(options) > MOST_ANSWERS:
            losses.append(
                Loss(item.name, f"the template has no {item.kind} without right options, or with over 4.")
            )
            continue
        blank = [""] * (MOST_ANSWERS - len(options))
        rows.append([item.prompt, *options.values(), *blank, _SECONDS, ",".join(map(str, right))])
    return workbook([("Sheet1", list(_HEADINGS), rows)]), losses
