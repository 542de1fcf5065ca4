"""Makes public names appear as `petri` in tracebacks, type hints and links."""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any


def present_as(module: str, namespace: Mapping[str, Any], names: list[str]) -> None:
    """Set `__module__` of exported classes and functions to the module they are imported from.

    Args:
        module: The public module, such as `petri`.
        namespace: Where the names are looked up, normally the module's own `globals()`.
        names: The names that the module exports.

    """
    for name in names:
        value = namespace.get(name)
        if isinstance(value, type | FunctionType):
            value.__module__ = module
