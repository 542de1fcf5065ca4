"""The form of references to uploaded files."""

from __future__ import annotations

import re
from typing import Final

from chalicelib.errors import NotFound

#: The participant, `assets` or `library`, a slash, and a name without separators: it can't leave its folder.
_REFERENCE: Final = re.compile(
    r"(?:[1-9][0-9]{0,14}|assets|library)/[A-Za-z0-9][A-Za-z0-9_-]{0,80}(?:\.[a-z0-9]{1,10})?"
)
#: The name of a published file: a hash of its content, and an ending.
_PUBLISHED: Final = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,10}")


def is_reference(text: str) -> bool:
    """Whether a text has the form of a reference."""
    return _REFERENCE.fullmatch(text) is not None


def checked(reference: str) -> str:
    """Return a reference; NotFound for a text of another form."""
    if not is_reference(reference):
        raise NotFound("There is no such file.")
    return reference


def checked_published(name: str) -> str:
    """Return the name of a published file; NotFound for a text of another form."""
    if not _PUBLISHED.fullmatch(name):
        raise NotFound("There is no such file.")
    return name
