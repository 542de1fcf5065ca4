"""Writes a stored answer as people read it: labels instead of keys, lists in a row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .item import Item


def answer_text(item: Item, stored: Any) -> str:
    """Return a stored answer as a text; empty for no answer."""
    if stored is None:
        return ""
    if isinstance(stored, list):
        return ", ".join(_one(item, each) for each in stored)
    return _one(item, stored)


def _one(item: Item, stored: Any) -> str:
    if isinstance(stored, Mapping) and set(stored) == {"key", "text"}:
        return str(stored["text"])
    if isinstance(stored, str):
        labels = {option.key: option.label for option in getattr(item, "listed", ())}
        return str(labels.get(stored) or stored)
    return json.dumps(stored, ensure_ascii=False)
