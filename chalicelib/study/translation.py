"""Translates Petri's built-in text of studies; `texts/` has a file for each language, by English text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

#: Languages that are written from right to left, by their first subtag.
RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur", "yi"})
#: The languages that built-in text is translated into, besides English.
LANGUAGES: Final = ("ar", "de", "es", "fr", "hi", "it", "ja", "pt", "zh")
_TEXTS: Final = Path(__file__).with_name("texts")


def direction_of(language: str) -> str:
    """Return the direction in which a language is written: ltr or rtl."""
    return "rtl" if _base(language) in RIGHT_TO_LEFT else "ltr"


def translate(text: str, language: str) -> str:
    """Return a built-in text in a language; the English text where there is no translation."""
    base = _base(language)
    return _catalogue(base).get(text, text) if base in LANGUAGES else text


def _base(language: str) -> str:
    """Return the first subtag of a language: `pt` of `pt-BR`."""
    return language.lower().replace("_", "-").partition("-")[0]


@cache
def _catalogue(language: str) -> Mapping[str, str]:
    texts: Mapping[str, str] = json.loads((_TEXTS / f"{language}.json").read_text(encoding="utf-8"))
    return texts
