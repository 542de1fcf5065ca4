"""Errors about an option's value name the value that was given."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

#: How much of a wrong value is shown.
SHOWN = 80


class NamesWrongValues(TyperGroup):
    """A group of commands whose parse errors say what was given, and not only what is expected."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; its options are parsed here too."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = _with_value(error)
            raise


def _with_value(error: typer.BadParameter) -> str:
    """Return the message of an error, with the value that its cause is about."""
    problems = getattr(error.__cause__, "errors", None)
    if problems is None:
        return error.message
    given = str(problems()[0].get("input", ""))[:SHOWN]
    return error.message if repr(given) in error.message else f"{given!r} was given. {error.message}"
