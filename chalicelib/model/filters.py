"""How lists of records are narrowed: by class, by `failed`, by status, by typed properties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import BadRequest
from .record import Failed, Record, check_failed

if TYPE_CHECKING:
    from .transmission import Transmission

R = TypeVar("R", bound=Record)
STATUSES = ("all", "pending", "received")


def alive(records: Iterable[R], failed: Failed = False) -> list[R]:
    """Keep the living records, the failed ones (True) or both ("all")."""
    if check_failed(failed) == "all":
        return list(records)
    return [record for record in records if record.failed is failed]


def of_kind(
    records: Iterable[Record],
    kind: type[R],
    failed: Failed = False,
    properties: Mapping[str, Any] | None = None,
) -> list[R]:
    """Keep the records of a class that also have these values in their (typed) properties."""
    found = alive((record for record in records if isinstance(record, kind)), failed)
    for name, value in (properties or {}).items():
        if not hasattr(kind, name):
            raise BadRequest(f"{kind.__name__} has no property {name!r} to filter by.")
        found = [record for record in found if getattr(record, name) == value]
    return found


def with_status(transmissions: Iterable[Transmission], status: str) -> list[Transmission]:
    """Keep the transmissions of a status: all, pending or received."""
    if status not in STATUSES:
        raise BadRequest(f"status must be one of {', '.join(STATUSES)}, not {status!r}.")
    return [t for t in transmissions if status in ("all", t.status)]


def flatten(things: Any) -> list[Any]:
    """Turn one thing, or lists nested in lists, into one flat list."""
    if isinstance(things, list | tuple):
        return [leaf for thing in things for leaf in flatten(thing)]
    return [things]
