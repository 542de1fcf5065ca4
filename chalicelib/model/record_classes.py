"""Which class stands behind a `type` word."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TypeVar

from chalicelib.errors import BadRequest

from .record import Record

R = TypeVar("R", bound=Record)
#: Packages whose classes are Petri's own. Public classes say `petri`, the name that authors import them by.
_PETRIS_PACKAGES = frozenset({__name__.partition(".")[0], "petri"})


def is_petris(cls: type) -> bool:
    """Return whether a class is defined by Petri, and not by an experiment."""
    return cls.__module__.partition(".")[0] in _PETRIS_PACKAGES


def subclasses_of(base: type[R]) -> Iterator[type[R]]:
    """Yield a class and all that descend from it, the youngest definitions last."""
    yield base
    for child in base.__subclasses__():
        yield from subclasses_of(child)


_known: dict[tuple[type[Record], str], type[Record]] = {}


def class_for_type(base: type[R], word: str) -> type[R]:
    """Return the class of `base`'s family whose `type` is the word; `base` itself if none is.

    Petri's own words belong to Petri's own classes; the loader refuses an author's class that takes one.
    """
    found = _known.get((base, word))
    if found is None:
        found = next((cls for cls in _by_right(base) if cls.__dict__.get("type") == word), base)
        if found is not base or base.type == word:
            _known[base, word] = found
    return found  # type: ignore[return-value]  # the key's first half is the family


def _by_right(base: type[R]) -> list[type[R]]:
    # An author's folder loaded again (tests, verify) defines its classes anew: the newest win.
    newest_first = reversed(list(subclasses_of(base)))
    return sorted(newest_first, key=lambda cls: not is_petris(cls))


def clear_cache() -> None:
    """Forget what was looked up; the loader calls it when it has loaded a folder."""
    _known.clear()


def check_type(asked: type | None, base: type[R]) -> type[R]:
    """Return the class to filter by; BadRequest unless it is `base` or descends from it."""
    if asked is None:
        return base
    if isinstance(asked, type) and issubclass(asked, base):
        return asked
    raise BadRequest(f"{getattr(asked, '__name__', asked)!r} is not a kind of {base.__name__}.")


def has_default_cascade(record: Record) -> bool:
    """Whether the record's class left `failure_cascade` as Petri defines it."""
    return _has_default_cascade(type(record))


def _has_default_cascade(cls: type[Record]) -> bool:
    owner = next(parent for parent in cls.__mro__ if "failure_cascade" in parent.__dict__)
    return is_petris(owner)


def all_cascades_are_default() -> bool:
    """Whether no class of things in networks, an author's included, has a cascade of its own."""
    return all(_has_default_cascade(cls) for base in _bases() for cls in subclasses_of(base))


@cache
def _bases() -> tuple[type[Record], ...]:
    from .info import Info
    from .node import Node
    from .transformation import Transformation
    from .transmission import Transmission
    from .vector import Vector

    return (Node, Info, Vector, Transmission, Transformation)
