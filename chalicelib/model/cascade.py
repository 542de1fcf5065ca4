"""Whether failing may be one mark on the highest record, or an author's own cascade must run."""

from __future__ import annotations

from functools import cache

from .record import Record
from .registry import is_petris, lineage


def is_stock(record: Record) -> bool:
    """Whether the record's class left `failure_cascade` as Petri defines it."""
    return _stock_class(type(record))


def _stock_class(cls: type[Record]) -> bool:
    owner = next(parent for parent in cls.__mro__ if "failure_cascade" in parent.__dict__)
    return is_petris(owner)


def uses_stock_cascades() -> bool:
    """Whether no class of things in networks, an author's included, has a cascade of its own."""
    return all(_stock_class(cls) for base in _bases() for cls in lineage(base))


@cache
def _bases() -> tuple[type[Record], ...]:
    from .info import Info
    from .node import Node
    from .transformation import Transformation
    from .transmission import Transmission
    from .vector import Vector

    return (Node, Info, Vector, Transmission, Transformation)
