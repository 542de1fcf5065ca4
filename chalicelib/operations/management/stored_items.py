"""Reads and cleans raw items whose contents are erased."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

#: The fields of an item that storage itself writes.
_OF_STORAGE: Final = frozenset({"pk", "sk", "kind", "v", "mark", "w"})
REPLACEMENT: Final = "[erased]"


def own_fields(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an item without those of storage."""
    return {name: value for name, value in item.items() if name not in _OF_STORAGE}


def without_words(value: Any, words: Collection[str]) -> Any:
    """Return a value in whose texts these words are replaced."""
    if isinstance(value, str):
        for word in words:
            value = value.replace(word, REPLACEMENT)
        return value
    if isinstance(value, Mapping):
        return {name: without_words(held, words) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [without_words(held, words) for held in value]
    return value


def without_texts(value: Any) -> Any:
    """Return a value in which each text is None; numbers, and the names of values, stay."""
    if isinstance(value, str):
        return None
    if isinstance(value, Mapping):
        return {name: without_texts(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [without_texts(held) for held in value]
    return value
