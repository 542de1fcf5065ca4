"""The free fields that every POST which makes a record may set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.model.errors import BadRequest
from chalicelib.model.record import PROPERTIES, Record

from .unit import Unit


def set_free_fields(record: Record, fields: Mapping[str, Any]) -> None:
    """Set property1..5 and details from a request's parameters."""
    for name in PROPERTIES:
        if fields.get(name) is not None:
            setattr(record, name, str(fields[name]))
    if fields.get("details"):
        record.details = fields["details"]


def known_class(unit: Unit, word: str | None, default: type[Record]) -> type[Any]:
    """Return the class that a request names, of the default's family; BadRequest if it isn't known."""
    if not word:
        return default
    known = unit.experiment.known_classes
    cls = known.get(word) or (default if word == default.__name__ else None)
    if cls is None or not issubclass(cls, default):
        names = ", ".join(sorted(name for name, c in known.items() if issubclass(c, default)))
        raise BadRequest(
            f"{word!r} is no known kind of {default.__name__}: use one of {names}, "
            "or add the class to known_classes.",
            code="unknown_class",
        )
    return cls
