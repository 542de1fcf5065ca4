"""Measures how long the author's functions take in one request, so that a warning can name the slow one."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FunctionType
from typing import Any

#: The attribute of an experiment that holds the seconds of each function.
_TIMES = "_hook_seconds"


def time_hooks(cls: type[Any], names: frozenset[str]) -> None:
    """Measure the methods with these names that a class defines itself."""
    for name in names & vars(cls).keys():
        function = vars(cls)[name]
        if isinstance(function, FunctionType):
            setattr(cls, name, _timed(function))


def _timed(function: FunctionType) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(self: Any, *arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(self, *arguments, **named)
        finally:
            _note(self, function, time.perf_counter() - began)

    return timed


@contextmanager
def record_duration(experiment: Any, function: Callable[..., Any]) -> Iterator[None]:
    """Measure how long a function of the author takes; the function runs inside the block."""
    began = time.perf_counter()
    try:
        yield
    finally:
        _note(experiment, function, time.perf_counter() - began)


def _note(experiment: Any, function: Callable[..., Any], seconds: float) -> None:
    times: dict[Any, float] = vars(experiment).setdefault(_TIMES, {})
    times[function] = times.get(function, 0.0) + seconds


def name_of(function: Callable[..., Any]) -> str:
    """Return the name of a function, of the one inside a `functools.partial` too."""
    function = getattr(function, "func", function)
    return str(getattr(function, "__name__", function))


def slowest_hook(experiment: Any) -> tuple[str, float]:
    """Return the author's slowest function, with its place in the code, and its seconds, or ("", 0)."""
    times: Mapping[Any, float] = vars(experiment).get(_TIMES, {})
    if not times:
        return "", 0.0
    function = max(times, key=lambda one: times[one])
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    name = name_of(function)
    if code is None:
        return f"{name}()", times[function]
    file = code.co_filename.replace("\\", "/").rpartition("/")[2]
    return f"{name}() ({file}, line {code.co_firstlineno})", times[function]
