"""Translates Petri's built-in text of studies."""

from __future__ import annotations

#: Languages that are written from right to left, by their first subtag.
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi"})


def direction_of(language: str) -> str:
    """Return the direction in which a language is written: ltr or rtl."""
    return "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"


def translate(text: str, language: str) -> str:
    """Return a built-in text in a language; the English text where there is no translation."""
    del language
    return text
