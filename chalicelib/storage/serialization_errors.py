"""Explains which value can't be stored in the author's terms: the class and the attribute."""

from __future__ import annotations

from chalicelib.errors import ExperimentError
from chalicelib.serializable import find_unserializable, serialization_message

from .engine import Item


def unserializable_item(item: Item, error: Exception) -> Exception:
    """Return the error for an item that can't be serialized: which record, which attribute, and why."""
    for name, value in item.items():
        for path, why in find_unserializable(value, ""):
            return ExperimentError(serialization_message(f"{_owner(item)}{name}", path, why))
    return error


def _owner(item: Item) -> str:
    kind = str(item.get("kind", ""))
    if kind == "experiment":
        return "experiment."
    if kind == "message":
        return f"A message to {item.get('body', {}).get('kind', 'the queue')}: "
    return f"{kind.capitalize()} {item.get('id', '')} ({item.get('type', kind)}): "
