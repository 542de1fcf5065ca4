"""Defines typed properties, which give one of property1 to property5 a name and a type.

class Agent(Node):
generation = prop.integer(2)     # stored as text in property2, read as an int
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

from chalicelib.errors import RuleBroken
from chalicelib.model.record import Record
from chalicelib.serializable import require_serializable

T = TypeVar("T")
SLOTS = range(1, 6)


class Property(Generic[T]):
    """A descriptor that reads and writes one of the text properties as a typed value; None stays None."""

    def __init__(self, slot: int, read: Callable[[str], T], write: Callable[[T], str]) -> None:
        """Use property<slot>; `read` parses its text, `write` formats a value."""
        if slot not in SLOTS:
            raise RuleBroken(f"A record has property1 to property5, but no property{slot}.")
        self.column = f"property{slot}"
        self._read = read
        self._write = write

    @overload
    def __get__(self, record: None, owner: type[Record]) -> Self: ...
    @overload
    def __get__(self, record: Record, owner: type[Record]) -> T | None: ...
    def __get__(self, record: Record | None, owner: type[Record]) -> Self | T | None:
        if record is None:
            return self
        text = getattr(record, self.column)
        return None if text is None else self._read(text)

    def __set__(self, record: Record, value: T | None) -> None:
        setattr(record, self.column, None if value is None else self._write(value))


def _to_bool(text: str) -> bool:
    return text.lower() == "true"


def _checked(write: Callable[[Any], str], value: Any, column: str) -> str:
    require_serializable(value, column)
    return write(value)


def integer(slot: int) -> Property[int]:
    """A whole number in property<slot>."""
    return Property(slot, int, lambda value: str(int(value)))


def number(slot: int) -> Property[float]:
    """A number in property<slot>."""
    return Property(slot, float, lambda value: _checked(repr, float(value), f"property{slot}"))


def boolean(slot: int) -> Property[bool]:
    """True or False in property<slot>."""
    return Property(slot, _to_bool, lambda value: str(bool(value)))


def text(slot: int) -> Property[str]:
    """A text in property<slot>."""
    return Property(slot, str, str)


def json_value(slot: int) -> Property[Any]:
    """Anything that JSON can write in property<slot>; assign a new value to change it."""
    write = json.JSONEncoder(ensure_ascii=False).encode
    return Property(slot, json.loads, lambda value: _checked(write, value, f"property{slot}"))
