"""Maps `type` words to record classes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TypeVar

from chalicelib.errors import BadRequest

from .record import Record

R = TypeVar("R", bound=Record)
#: Packages whose classes are Petri's own. Public classes are in `petri`, from which authors import them.
_PETRIS_PACKAGES = frozenset({__name__.partition(".")[0], "petri"})


def is_petris(cls: type) -> bool:
    """Return whether a class is defined by Petri, and not by an experiment."""
    return cls.__module__.partition(".")[0] in _PETRIS_PACKAGES


def subclasses_of(base: type[R]) -> Iterator[type[R]]:
    """Yield a class and all its subclasses, each before its own subclasses."""
    yield base
    for child in base.__subclasses__():
        yield from subclasses_of(child)


_known: dict[tuple[type[Record], str], type[Record]] = {}


def class_for_type(base: type[R], word: str) -> type[R]:
    """Return `base` or the subclass of it whose `type` is the word; `base` if there is none.

    Petri's own words always mean Petri's own classes: the loader refuses an author's class that uses one.
    """
    found = _known.get((base, word))
    if found is None:
        found = next((cls for cls in _by_right(base) if cls.__dict__.get("type") == word), base)
        if found is not base or base.type == word:
            _known[base, word] = found
    return found  # type: ignore[return-value]  # the key's first half is the family


def _by_right(base: type[R]) -> list[type[R]]:
    # Loading an author's folder again (tests, verify) redefines its classes: the newest definition wins,
    # wherever it is in the tree of classes.
    return sorted(subclasses_of(base), key=lambda cls: (not is_petris(cls), -cls._definition_number))


def clear_cache() -> None:
    """Clear the cache of classes; the loader calls this when it has loaded a folder."""
    _known.clear()


def check_type(cls: type | None, base: type[R]) -> type[R]:
    """Return the class to filter by; BadRequest unless it is `base` or a subclass of it."""
    if cls is None:
        return base
    if isinstance(cls, type) and issubclass(cls, base):
        return cls
    raise BadRequest(f"{getattr(cls, '__name__', cls)!r} is not a subclass of {base.__name__}.")


def has_default_cascade(record: Record) -> bool:
    """Whether the record's class doesn't override `failure_cascade`."""
    return _has_default_cascade(type(record))


def _has_default_cascade(cls: type[Record]) -> bool:
    owner = next(parent for parent in cls.__mro__ if "failure_cascade" in parent.__dict__)
    return is_petris(owner)


def all_cascades_are_default() -> bool:
    """Whether no class of records in networks, an author's included, overrides `failure_cascade`."""
    return all(_has_default_cascade(cls) for base in _bases() for cls in subclasses_of(base))


@cache
def _bases() -> tuple[type[Record], ...]:
    from .info import Info
    from .node import Node
    from .transformation import Transformation
    from .transmission import Transmission
    from .vector import Vector

    return (Node, Info, Vector, Transmission, Transformation)
