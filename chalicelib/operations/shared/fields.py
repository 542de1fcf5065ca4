"""Validates and sets the free fields of records, and resolves class names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.errors import BadRequest, TooLarge
from chalicelib.model.record import PROPERTIES, Record

from .context import Context

#: The limit, in bytes of UTF-8, of details and properties, or of a participant's entry data; together with
#: contents at their limit they fit into a DynamoDB item.
MAX_FIELD_BYTES = 50 * 1024


def set_free_fields(record: Record, fields: Mapping[str, Any]) -> None:
    """Set property1..5 and details from a request's parameters."""
    check_size(**fields)
    for name in PROPERTIES:
        if fields.get(name) is not None:
            setattr(record, name, str(fields[name]))
    if fields.get("details"):
        record.details = fields["details"]


def check_size(**fields: Any) -> None:
    """Refuse fields whose total is too large; TooLarge names the largest and the limit."""
    sizes = {name: _size(value) for name, value in fields.items() if value}
    if sum(sizes.values()) > MAX_FIELD_BYTES:
        longest = max(sizes, key=lambda name: sizes[name])
        raise TooLarge(
            f"{longest} has {sizes[longest]} bytes; the limit for {', '.join(sorted(sizes))} together is "
            f"{MAX_FIELD_BYTES} bytes (50 KB). Send less."
        )


def _size(value: Any) -> int:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return len(text.encode())


def known_class(ctx: Context, word: str | None, default: type[Record]) -> type[Any]:
    """Return the class that a request names, a subclass of the default; BadRequest if it isn't known."""
    if not word:
        return default
    known = ctx.experiment.known_classes
    cls = known.get(word) or (default if word == default.__name__ else None)
    if cls is None or not issubclass(cls, default):
        names = ", ".join(sorted(name for name, c in known.items() if issubclass(c, default)))
        raise BadRequest(
            f"{word!r} is not a known class of {default.__name__}: use one of {names}, "
            "or add the class to known_classes.",
            code="unknown_class",
        )
    return cls
