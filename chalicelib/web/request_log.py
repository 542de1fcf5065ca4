"""Logs one structured line for each request, without worker ids."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TextIO

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from chalicelib.errors import PetriError, Refused
from chalicelib.log_redaction import FOR_OPERATOR, REDACTED_TEXT
from chalicelib.operations.shared.context import PARTICIPANT

if TYPE_CHECKING:
    from .routing import HttpCall

_logger: Logger | None = None
_logger_lock = threading.Lock()
_NUMBER = re.compile(r"[0-9]{1,15}")
#: POST to this route takes a participant's id, although the variable is called node_id.
JOIN = "/node/{node_id}"


class _Lines(LambdaPowertoolsFormatter):
    """Formats lines as Powertools does; requests and plain texts directly, in a third of the time."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] | None = getattr(record, "request_line", None)
        if fields is None:
            if record.exc_info or record.stack_info or record.__dict__.keys() - _PLAIN:
                return super().format(record)
            fields = {"location": f"{record.funcName}:{record.lineno}"}
        if hasattr(record, REDACTED_TEXT):
            fields[REDACTED_TEXT] = getattr(record, REDACTED_TEXT)
        return _encode(
            {
                "level": record.levelname,
                "message": record.getMessage(),
                "timestamp": f"{_second(int(record.created))},{int(record.msecs):03d}+0000",
                "service": self.log_format.get("service"),
                "name": record.name,
                **fields,
            }
        )


#: The attributes of every record of the standard library.
_PLAIN = (
    logging.makeLogRecord({}).__dict__.keys()
    | {"message", "asctime", "taskName"}
    | {REDACTED_TEXT, FOR_OPERATOR}
)


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class _Stdout(logging.StreamHandler[TextIO]):
    """Writes to the current sys.stdout, which a caller of this process may replace."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)

    @property
    def stream(self) -> TextIO:
        return sys.stdout

    @stream.setter
    def stream(self, replacement: TextIO) -> None:
        del replacement


def logger() -> Logger:
    """Return the logger of requests, created lazily."""
    global _logger  # noqa: PLW0603 - one logger for each process
    with _logger_lock:
        if _logger is None:
            _logger = Logger(
                service="petri",
                name="petri.requests",
                child=False,
                logger_formatter=_Lines(utc=True),
                logger_handler=_Stdout(),
            )
        return _logger


def log_request(
    request: Any, call: HttpCall | None, status: int, seconds: float, error: PetriError | None
) -> None:
    """Log a request (its route, not its path: paths may contain worker ids) and its outcome."""
    line: dict[str, Any] = {
        "route": request.path,
        "method": request.method,
        "status": status,
        "ms": round(seconds * 1000, 2),
    }
    for name in ("node_id", "participant_id", "network_id"):
        value = (request.uri_params or {}).get(name)
        # Only numbers: one of the routes has a worker id in the place of a participant's.
        if value and _NUMBER.fullmatch(value) and "{hit_id}" not in request.path:
            line["participant_id" if request.path == JOIN else name] = int(value)
    if call is not None:
        if call.caller.kind == PARTICIPANT:
            line["participant_id"] = call.caller.participant_id
        if call.request.id:
            line["request_id"] = call.request.id
    if error is None:
        logger().info("request", extra={"request_line": line})
        return
    line["error_code"] = error.code
    if isinstance(error, Refused):
        logger().info("refused", **line)
    else:
        logger().error("failed", exc_info=error.__cause__ or error, **line)
