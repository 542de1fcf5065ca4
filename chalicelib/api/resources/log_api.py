"""/api/v1/log: the latest lines of the log, and its errors in groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.operations.management.log_reading import ErrorGroups, LogPage, read_errors, read_log

RESOURCE: Final = "log"
_MINUTES: Final = {
    "min": 1,
    "max": 7 * 24 * 60,
    "help": "How many of the latest minutes to read; by default all, or the last hour of a deployed app.",
}


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines of the log to return."""

    text: str = field(default="", metadata={"max": 200, "help": "A text that the line contains."})
    level: str = field(default="", metadata={"max": 10, "help": "`error`, `warning`, or all lines."})
    minutes: int | None = field(default=None, metadata=_MINUTES)


@dataclass(frozen=True, slots=True)
class LogWindow:
    """Which part of the log to look at."""

    minutes: int | None = field(default=None, metadata=_MINUTES)


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="log.list",
        method="GET",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.EDIT_PARTICIPANTS,
        parameters=LogFilter,
        answer=LogPage,
        run=lambda _, asked: asked,
        outside=lambda app, asked: read_log(app.log, asked.text, asked.level, asked.minutes),
        summary="Returns the latest lines of the log, newest first.",
    ),
    ApiOperation(
        name="log.groups",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        verb="groups",
        right=Right.EDIT_PARTICIPANTS,
        parameters=LogWindow,
        answer=ErrorGroups,
        run=lambda _, asked: asked,
        outside=lambda app, asked: read_errors(app.log, asked.minutes),
        summary="Returns the errors of the log in groups, the latest first.",
    ),
)
