"""Validates that values are serializable as JSON, and finds where an invalid value was set.

JSON has neither NaN nor Infinity. Python writes them anyway, but other parsers refuse them: a page's
`JSON.parse` throws, and SQLite's JSON functions reject the whole row.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, Final

from chalicelib.errors import ExperimentError

#: Packages whose code isn't an author's.
_OURS: Final = ("chalicelib", "petri", "infra")
_MAX_DEPTH: Final = 100
#: The most frequent types, whose values are always serializable.
_PLAIN: Final = frozenset({str, int, bool})
#: The types whose values contain no others.
_LEAVES: Final = _PLAIN | {float, type(None)}
_encode = json.JSONEncoder(allow_nan=False).encode


def require_serializable(value: Any, what: str, *, also: tuple[type, ...] = ()) -> None:
    """Raise ExperimentError, naming the place in the author's code, when a value isn't serializable as JSON.

    `what`: what was set, such as "Node.details". `also`: types that are converted to JSON later.
    """
    if value is None or type(value) in _PLAIN:
        return
    if not also:
        try:
            # The usual case, in C.
            _encode(value)
        except (TypeError, ValueError, RecursionError):
            pass
        else:
            return
    found = next(find_unserializable(value, "", also), None)
    if found is not None:
        raise ExperimentError(serialization_message(what, *found, author_place()))


def serialization_message(what: str, path: str, why: str, place: str = "") -> str:
    """Return an error message that says which value is invalid, where it was set, and what to do."""
    by = f" It was set in {place}." if place else ""
    use = "Use a text, a finite number, a list, a dict or None."
    return f"{what}{path} can't be stored or sent: {why}.{by} {use}"


def find_unserializable(
    value: Any, path: str, also: tuple[type, ...] = (), depth: int = 0
) -> Iterator[tuple[str, str]]:
    """Yield each part of a value that isn't serializable as JSON: where it is, and why."""
    if value is None or isinstance(value, (str, int, *also)):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            yield path, f"JSON has no {value!r}"
    elif depth > _MAX_DEPTH:
        yield path, f"it is nested deeper than {_MAX_DEPTH} levels"
    elif isinstance(value, Mapping):
        yield from _unserializable_keys(value, path)
        for name, each in value.items():
            yield from find_unserializable(each, f"{path}[{name!r}]", also, depth + 1)
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from find_unserializable(each, f"{path}[{number}]", also, depth + 1)
    else:
        yield path, f"JSON has no {type(value).__name__}"


def _unserializable_keys(value: Mapping[Any, Any], path: str) -> Iterator[tuple[str, str]]:
    for name in value:
        if isinstance(name, float) and not math.isfinite(name):
            yield path, f"JSON has no {name!r} as a name"
        elif not isinstance(name, str | int | float | None):
            yield path, f"JSON has no {type(name).__name__} as a name"


def author_place() -> str:
    """Return the file, line and function of the author's code that is running; "" when none is."""
    frame: FrameType | None = inspect.currentframe()
    while frame is not None:
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in _OURS:
            code = frame.f_code
            return f"{Path(code.co_filename).name}, line {frame.f_lineno}, in {code.co_name}"
        frame = frame.f_back
    return ""


def copy_json(value: Any) -> Any:
    """Return a copy of a value that is serializable as JSON, five times as fast as `copy.deepcopy`."""
    if isinstance(value, dict):
        return {name: each if type(each) in _LEAVES else copy_json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [each if type(each) in _LEAVES else copy_json(each) for each in value]
    return tuple(copy_json(each) for each in value) if isinstance(value, tuple) else value
