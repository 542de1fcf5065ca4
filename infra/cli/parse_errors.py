"""Adds the invalid value to parse errors."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

#: Maximum number of characters shown of an invalid value.
SHOWN = 80


class NamesWrongValues(TyperGroup):
    """A group of commands whose parse errors name the invalid value, not only what is expected."""

    def invoke(self, ctx: Any) -> Any:
        """Parse a command's options and run it."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = _with_value(error)
            raise


def _with_value(error: typer.BadParameter) -> str:
    """Return an error's message with the invalid value in it."""
    problems = getattr(error.__cause__, "errors", None)
    if problems is None:
        return error.message
    value = str(problems()[0].get("input", ""))[:SHOWN]
    return error.message if repr(value) in error.message else f"{value!r} is not valid. {error.message}"
