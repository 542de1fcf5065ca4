"""Which class stands behind a `type` word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from .errors import BadRequest
from .record import Record

R = TypeVar("R", bound=Record)
#: Packages whose classes are Petri's own. Public classes say `petri`, the name that authors import them by.
_PETRIS_PACKAGES = frozenset({__name__.partition(".")[0], "petri"})


def is_petris(cls: type) -> bool:
    """Return whether a class is defined by Petri, and not by an experiment."""
    return cls.__module__.partition(".")[0] in _PETRIS_PACKAGES


def lineage(base: type[R]) -> Iterator[type[R]]:
    """Yield a class and all that descend from it, the youngest definitions last."""
    yield base
    for child in base.__subclasses__():
        yield from lineage(child)


_known: dict[tuple[type[Record], str], type[Record]] = {}


def class_for(base: type[R], word: str) -> type[R]:
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
    newest_first = reversed(list(lineage(base)))
    return sorted(newest_first, key=lambda cls: not is_petris(cls))


def forget() -> None:
    """Forget what was looked up; the loader calls it when it has loaded a folder."""
    _known.clear()


def check_type(asked: type | None, base: type[R]) -> type[R]:
    """Return the class to filter by; BadRequest unless it is `base` or descends from it."""
    if asked is None:
        return base
    if isinstance(asked, type) and issubclass(asked, base):
        return asked
    raise BadRequest(f"{getattr(asked, '__name__', asked)!r} is not a kind of {base.__name__}.")
