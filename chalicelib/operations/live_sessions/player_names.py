"""Compares the names of players: two that look alike are the same."""

from __future__ import annotations

import unicodedata


def folded(name: str) -> str:
    """Return a name without case, marks and blanks: two names that look alike are the same."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(one for one in plain if not unicodedata.combining(one) and not one.isspace())
