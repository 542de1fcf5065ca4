"""Makes rows of stored items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from functools import cache
from types import NoneType
from typing import Any, Final, TypeVar, get_args, get_type_hints

R = TypeVar("R")
Item = Mapping[str, Any]

#: Columns whose stored name differs.
STORED_AS: Final = {"kind": "payment_kind", "early_exit_reason": "released"}
#: Fields of items that decide whether, and how, a record is shown.
MARKS: Final = ("failed", "failed_reason", "time_of_death", "deep", "s")
_READERS: Final[dict[Any, Callable[[Any], Any]]] = {
    datetime: datetime.fromisoformat,
    Decimal: lambda stored: Decimal(str(stored)),
}


def _columns(row: Any) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    return _columns_of(row)


@cache
def _columns_of(row: Any) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    """Return the columns of a row, each with the function that reads its stored value."""
    hints = get_type_hints(row)
    return tuple((one.name, _reader(hints[one.name])) for one in fields(row))


def _reader(hint: Any) -> Callable[[Any], Any] | None:
    kinds = [kind for kind in get_args(hint) or (hint,) if kind is not NoneType]
    return _READERS.get(kinds[0]) if len(kinds) == 1 else None


def read_row(row: type[R], stored: Item, **own: Any) -> R:
    """Make a row of a stored item; `own`: values that aren't stored as they are shown."""
    values: dict[str, Any] = {}
    for name, read in _columns(row):
        if name in own:
            values[name] = own[name]
        elif (value := stored.get(name)) is not None:
            values[name] = value if read is None else read(value)
    return row(**values)


def renamed(stored: Item, *columns: str) -> dict[str, Any]:
    """Return the values of columns that are stored under another name."""
    return {name: stored[STORED_AS[name]] for name in columns if STORED_AS[name] in stored}


def stored_names(row: type[Any], *more: str) -> tuple[str, ...]:
    """Return the fields of the stored items that a row needs."""
    own = (STORED_AS.get(name, name) for name, _ in _columns(row))
    return tuple(dict.fromkeys((*own, *(name for name, _ in _columns(row)), *MARKS, *more)))
