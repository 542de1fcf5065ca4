"""Parses the cells of a CSV by the types of their columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from .csv_format import read_rows
from .data_errors import MalformedTableError
from .table_schema import COLUMNS, WIDE_COLUMNS

INTEGER: Final = "a whole number"
MOMENT: Final = "a date and time such as 2024-05-17T09:30:00.000000Z"
BOOLEAN: Final = "True or False"
AMOUNT: Final = "an amount of dollars such as 1.50"
DECIMAL: Final = "a number such as 0.25"
OBJECT: Final = "a JSON object"
NUMBERS: Final = "a JSON list of whole numbers such as [12, 15]"
TEXT: Final = "text"

TYPES: Final[dict[str, str]] = {
    **dict.fromkeys(
        (
            "id",
            "participant_id",
            "network_id",
            "node_id",
            "origin_id",
            "destination_id",
            "vector_id",
            "info_id",
            "info_in_id",
            "info_out_id",
            "number",
            "n",
            "max_size",
            "n_pending_infos",
            "n_completed_infos",
            "n_failed_infos",
            "n_alive_nodes",
            "n_failed_nodes",
            "round",
            "at_ms",
            "attempt",
            "serial",
            "visit",
            "size",
            "opened",
            "start",
            "end",
            "message_id",
            "last_participant",
            "recipients",
            "class_number",
            "assignment",
            "threshold",
            "width",
            "height",
        ),
        INTEGER,
    ),
    **dict.fromkeys(("creation_time", "time_of_death", "receive_time", "end_time", "sent_time"), MOMENT),
    **dict.fromkeys(("shown_at", "answered_at", "received_at", "at", "stored_at", "erased_at"), MOMENT),
    **dict.fromkeys(("seen", "closed", "started_at", "last_at", "finished_at"), MOMENT),
    **dict.fromkeys(("created_at", "changed_at", "reviewed_at", "next_due"), MOMENT),
    **dict.fromkeys(("due", "visible_from", "released_at", "given_at"), MOMENT),
    **dict.fromkeys(("joined_at", "left_at", "link_sent_at", "archived_at"), MOMENT),
    **dict.fromkeys(("failed", "full", "correct", "includes_later"), BOOLEAN),
    **dict.fromkeys(("enforced", "pause", "feedback"), BOOLEAN),
    **dict.fromkeys(("created", "deleted"), MOMENT),
    "is_decorative": BOOLEAN,
    **dict.fromkeys(("is_open", "asks_email", "asks_student_number", "fee_paid"), BOOLEAN),
    "participant_ids": NUMBERS,
    **dict.fromkeys(("percent", "points", "seconds", "seconds_client", "rt_ms", "position"), DECIMAL),
    **dict.fromkeys(("possible", "minutes", "weight"), DECIMAL),
    **dict.fromkeys(("stability", "difficulty"), DECIMAL),
    **dict.fromkeys(("base_pay", "bonus", "amount", "fee"), AMOUNT),
    **dict.fromkeys(("details", "entry_information", "consent"), OBJECT),
}
_TRUTHS: Final = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


def column_types(table: str, header: Sequence[str]) -> list[str]:
    """Return the type of each column; in a table that Petri knows, columns that it doesn't are text."""
    known: Sequence[str] = {**COLUMNS, **WIDE_COLUMNS}.get(table, header)
    return [TYPES.get(name, TEXT) if name in known else TEXT for name in header]


def read_moment(text: str) -> datetime:
    """Read a moment; one without a zone is UTC, as databases write it."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def read_whole(text: str) -> int:
    """Read a whole number; spreadsheets make 3.0 of 3 where a column has gaps."""
    return int(text.removesuffix(".0"))


def read_amount(text: str) -> Decimal:
    """Read money, or another decimal number."""
    amount = Decimal(text)
    if not amount.is_finite():
        raise ValueError(text)
    return amount


def read_truth(text: str) -> bool:
    """Read True or False, also as PostgreSQL writes them."""
    return _TRUTHS[text.lower()]


def read_object(text: str) -> Any:
    """Read JSON; most objects are empty."""
    return {} if text == "{}" else json.loads(text)


def read_numbers(text: str) -> list[int]:
    """Read a list of whole numbers."""
    found = json.loads(text)
    if not isinstance(found, list) or any(type(each) is not int for each in found):
        raise ValueError(text)
    return found


READERS: Final[dict[str, Callable[[str], Any]]] = {
    INTEGER: read_whole,
    MOMENT: read_moment,
    BOOLEAN: read_truth,
    AMOUNT: read_amount,
    DECIMAL: read_amount,
    OBJECT: read_object,
    NUMBERS: read_numbers,
    TEXT: str,
}


def read_typed_rows(
    lines: Iterable[str], table: str, file: str
) -> tuple[list[str], Iterator[tuple[int, list[Any]]]]:
    """Return a CSV's header, and its rows as typed values with the line that each begins on.

    Nulls are None. MalformedTableError for a cell that isn't what its column holds.
    """
    rows = read_rows(lines, file)
    first = next(rows, None)
    if first is None:
        raise MalformedTableError(file, 1, "the file is empty; even a table without rows has a header.")
    header = _header(first[1], file)
    types = column_types(table, header)

    def values() -> Iterator[tuple[int, list[Any]]]:
        for line, row in rows:
            yield (
                line,
                [
                    None if text is None else _value(text, type_, name, file, line)
                    for text, type_, name in zip(row, types, header, strict=True)
                ],
            )

    return header, values()


def _header(fields: Sequence[str | None], file: str) -> list[str]:
    names = [name for name in fields if name]
    if len(names) != len(fields) or len(set(names)) != len(names):
        raise MalformedTableError(file, 1, "the header has an empty or doubled name.")
    return names


def _value(text: str, type_: str, name: str, file: str, line: int) -> Any:
    if text == "" and type_ is not TEXT:
        return None
    try:
        return READERS[type_](text)
    except (ValueError, KeyError, InvalidOperation) as error:
        shown = text if len(text) <= 40 else text[:40] + "..."  # noqa: PLR2004 - fits on a terminal's line
        raise MalformedTableError(file, line, f"{name} should be {type_}, not {shown!r}.") from error
