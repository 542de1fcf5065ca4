"""Turns answers, which are dataclasses, into JSON values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from chalicelib.model.record import iso


def to_json(value: Any) -> Any:
    """Return a value as JSON knows it: amounts and moments become texts."""
    if value is None or isinstance(value, str | bool | int | float | datetime | Decimal):
        return _plain(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: to_json(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): to_json(each) for name, each in value.items()}
    if isinstance(value, Sequence | frozenset | set):
        return [to_json(each) for each in value]
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return iso(value)
    return format(value, "f") if isinstance(value, Decimal) else value
