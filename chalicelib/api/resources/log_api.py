"""/api/v1/log: the latest lines of the log, and its errors in groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import NoParameters
from chalicelib.operations.management.log_reading import ErrorGroups, LogPage, read_errors, read_log

RESOURCE: Final = "log"


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines of the log to return."""

    text: str = field(default="", metadata={"max": 200, "help": "A text that the line contains."})
    level: str = field(default="", metadata={"max": 10, "help": "`error`, `warning`, or all lines."})


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="log.list",
        method="GET",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.EDIT_PARTICIPANTS,
        parameters=LogFilter,
        answer=LogPage,
        run=lambda ctx, asked: read_log(ctx, asked.text, asked.level),
        summary="Returns the latest lines of the log, newest first.",
    ),
    ApiOperation(
        name="log.groups",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        verb="groups",
        right=Right.EDIT_PARTICIPANTS,
        parameters=NoParameters,
        answer=ErrorGroups,
        run=lambda ctx, _: read_errors(ctx),
        summary="Returns the errors of the log in groups, the latest first.",
    ),
)
