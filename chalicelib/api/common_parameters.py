"""Parameters that many operations share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from chalicelib.errors import BadRequest, NotFound

#: The bounds of a page's size; a larger one is refused.
LIMIT: Final[Mapping[str, Any]] = MappingProxyType({"min": 1, "max": 200, "help": "The most rows of a page."})
#: A cursor that is a number, such as a participant's id.
NUMBER_CURSOR: Final[Mapping[str, Any]] = MappingProxyType(
    {"pattern": "^[0-9]{1,15}$", "max": 15, "min": 1, "help": "`next` of the page before."}
)
#: A cursor that is part of a key.
KEY_CURSOR: Final[Mapping[str, Any]] = MappingProxyType({"max": 200, "help": "`next` of the page before."})
#: The code with which lists refuse a cursor.
BAD_CURSOR: Final = "bad_cursor"
#: A cell of the design. NUL, which no text may contain, isn't in the pattern either.
CONDITION: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "min": 1,
        "max": 200,
        "pattern": r"^[^=\x00]+=[^\x00]*$",
        "help": "A factor of the design and its level: `colour=red`.",
    }
)
ID_TEXT: Final[Mapping[str, Any]] = MappingProxyType({"min": 1, "max": 200})


@contextmanager
def known_page() -> Iterator[None]:
    """Answer 404 for a cursor that the list doesn't know; cursors are opaque to clients."""
    try:
        yield
    except BadRequest as error:
        if error.code == BAD_CURSOR:
            raise NotFound(str(error), code="page_not_found") from error
        raise


@dataclass(frozen=True, slots=True)
class NoParameters:
    """Nothing."""


@dataclass(frozen=True, slots=True)
class One:
    """One record."""

    id: str = field(metadata=ID_TEXT)


@dataclass(frozen=True, slots=True)
class PageOnly:
    """One page of a list that has no filter."""

    after: str | None = field(default=None, metadata=KEY_CURSOR)
    limit: int = field(default=50, metadata=LIMIT)
