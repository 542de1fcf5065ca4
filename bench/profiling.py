"""Groups a profile's functions by package."""

from __future__ import annotations

import pstats
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: A function's file, line and name, as in pstats.
Function = tuple[str, int, str]

ROOMS = (
    ("/chalicelib/model/", "chalicelib/model"),
    ("/chalicelib/experiment/", "chalicelib/experiment"),
    ("/chalicelib/operations/", "chalicelib/operations"),
    ("/chalicelib/services.py", "chalicelib/services.py"),
    ("/chalicelib/storage/", "chalicelib/storage"),
    ("/chalicelib/messaging/", "chalicelib/messaging"),
    ("/chalicelib/recruiters/", "chalicelib/recruiters"),
    ("/chalicelib/web/", "chalicelib/web"),
    ("/chalicelib/workers/", "chalicelib/workers"),
    ("/infra/local/", "infra/local"),
    ("/demos/", "the experiment"),
    ("/tests/experiments/", "the experiment"),
    ("/site-packages/chalice/", "Chalice"),
    ("/aws_lambda_powertools/", "logging"),
    ("/logging/", "logging"),
    ("/uvicorn/", "uvicorn, asyncio"),
    ("/asyncio/", "uvicorn, asyncio"),
    ("/selectors.py", "uvicorn, asyncio"),
    ("/json/", "json"),
    ("/random.py", "random"),
    ("/itsdangerous/", "tokens"),
    ("/hmac.py", "tokens"),
)
BUILT_IN = (
    ("sqlite3", "SQLite"),
    ("_json", "json"),
    ("select.epoll", "waiting for requests"),
    ("select.kqueue", "waiting for requests"),
    ("_socket", "uvicorn, asyncio"),
    ("posix.fsync", "SQLite"),
)
REST = "Python's library"
WAITING = "waiting for requests"


@dataclass(frozen=True)
class Share:
    """A package's share of the server's time, and its most expensive functions."""

    room: str
    share: float
    functions: tuple[tuple[str, float], ...]


def shares(profile: Path, functions: int = 4) -> list[Share]:
    """Group a profile by package, largest first; built-in functions count for their callers."""
    stats: dict[Function, Any] = pstats.Stats(str(profile)).stats  # type: ignore[attr-defined]
    own: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for function, (_, _, seconds, _, callers) in stats.items():
        room = room_of(function)
        if room is not None or not callers:
            own[room or REST][_shown(function)] += seconds
            continue
        for caller, (_, _, by_caller, _) in callers.items():
            own[room_of(caller) or REST][_shown(caller)] += by_caller
    own.pop(WAITING, None)
    total = sum(sum(seconds.values()) for seconds in own.values()) or 1.0
    found = [
        Share(
            room,
            sum(by_function.values()) / total,
            tuple(
                (name, seconds / total)
                for name, seconds in sorted(by_function.items(), key=lambda pair: -pair[1])[:functions]
            ),
        )
        for room, by_function in own.items()
    ]
    return sorted(found, key=lambda share: -share.share)


def room_of(function: Function) -> str | None:
    """Return the package of a function; None for built-in functions."""
    file, _, name = function
    if file == "~":
        return next((room for word, room in BUILT_IN if word in name), None)
    path = file.replace("\\", "/")
    return next((room for word, room in ROOMS if word in path), REST)


def _shown(function: Function) -> str:
    file, _, name = function
    return name if file == "~" else f"{Path(file).name}:{name}"
