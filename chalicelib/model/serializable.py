"""What can be stored and sent as JSON, and where something that can't was set.

JSON has no NaN and no Infinity. Python writes them all the same, and no other reader takes them: a page's
`JSON.parse` throws, and SQLite's JSON functions refuse the whole row.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, Final

from chalicelib.errors import ExperimentError

#: Packages whose code isn't the author's.
_OURS: Final = ("chalicelib", "petri", "infra")
_MAX_DEPTH: Final = 100
#: What can always be written, and is set most often.
_PLAIN: Final = frozenset({str, int, bool})
_encode = json.JSONEncoder(allow_nan=False).encode


def require_serializable(value: Any, what: str, *, also: tuple[type, ...] = ()) -> None:
    """Raise ExperimentError when a value can't be written as JSON; it names the place in the author's code.

    `what`: what was set, such as "Node.details". `also`: types that are turned into JSON later.
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
    """Say what can't be written, where it stands, and what to do."""
    by = f" It was set in {place}." if place else ""
    use = "Use a text, a finite number, a list, a dict or None."
    return f"{what}{path} can't be stored or sent: {why}.{by} {use}"


def find_unserializable(
    value: Any, path: str, also: tuple[type, ...] = (), depth: int = 0
) -> Iterator[tuple[str, str]]:
    """Yield where in a value something can't be written as JSON, and why."""
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
    """Return file, line and function of the author's code that is running, or "" when none is."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in _OURS:
            code = frame.f_code
            return f"{Path(code.co_filename).name}, line {frame.f_lineno}, in {code.co_name}"
        frame = frame.f_back
    return ""
