"""Validates what people write about an entry of the library."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from chalicelib.errors import InvalidField

MAX_ENTRY_NAME: Final = 60
MAX_TITLE: Final = 120
MAX_AUTHOR: Final = 200
MAX_LICENCE: Final = 60
MAX_DESCRIPTION: Final = 5_000
MAX_NOTES: Final = 1_000
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
#: Parts of addresses of the library that aren't names.
_RESERVED: Final = frozenset({"quota", "new"})
#: Categories of characters that can't be shown, or that change the order of the text around them.
_HIDDEN: Final = frozenset({"Cc", "Co", "Cs", "Zl", "Zp"})
_ORDERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def checked_entry_name(name: str) -> str:
    """Return the name of an entry; InvalidField for one that an address can't contain."""
    if not _NAME.fullmatch(name) or len(name) > MAX_ENTRY_NAME:
        raise InvalidField(
            "name",
            "must be lower-case letters and digits, with single hyphens between them, such as `stroop-task`, "
            f"and {MAX_ENTRY_NAME} characters at most",
        )
    if name in _RESERVED:
        raise InvalidField("name", f"can't be {name!r}, which is an address of the library")
    return name


def one_line(field: str, text: str, most: int, *, least: int = 0) -> str:
    """Return a text on one line; InvalidField for one that is too short, too long or can't be shown."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    _require_shown(field, line, most)
    if len(line) < least:
        raise InvalidField(field, "can't be empty")
    return line


def paragraphs(field: str, text: str, most: int) -> str:
    """Return a text of several lines; InvalidField for one that is too long or can't be shown."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    whole = "\n".join(" ".join(line.split()) for line in lines).strip("\n")
    _require_shown(field, whole.replace("\n", " "), most)
    return whole


def is_shown_in_one_line(text: str) -> bool:
    """Whether a text has no line breaks, and no characters that can't be shown or that change its order.

    Characters that join others are allowed: some scripts and many pictograms need them.
    """
    return not any(unicodedata.category(one) in _HIDDEN or one in _ORDERING for one in text)


def _require_shown(field: str, text: str, most: int) -> None:
    if len(text) > most:
        raise InvalidField(field, f"can have {most:,} characters at most, and has {len(text):,}")
    if not is_shown_in_one_line(text):
        raise InvalidField(field, "contains characters that can't be shown")
