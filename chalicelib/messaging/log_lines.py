"""Parses the lines that functions and local runs write to the log."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, Final

from chalicelib.log_redaction import REDACTED_TEXT
from chalicelib.ports.run_log import LogLine

#: Lines that Lambda itself writes for each invocation.
_OF_LAMBDA: Final = re.compile(r"(START|END|REPORT|INIT_START|INIT_REPORT|EXTENSION|XRAY) ")
#: What Lambda writes when a function is stopped or can't start.
_FATAL: Final = re.compile(r"Task timed out|Runtime exited|Runtime\.\w+Error|\[ERROR\]|OutOfMemory")
#: The time and the id of an invocation, with which such a line may begin.
_INVOCATION: Final = re.compile(r"^(\[ERROR\]\s+)?(\S+Z\s+)?([0-9a-f]{8}-[0-9a-f-]{27}\s+)?")


def read_log_line(raw: bytes | str) -> LogLine | None:
    """Parse a structured line; None for any other text, such as the rest of a line that is being written."""
    try:
        fields = json.loads(raw)
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return None
    return LogLine(
        at=_moment(str(fields.get("timestamp", ""))),
        level=str(fields.get("level", "")),
        message=_message(fields),
        route=fields.get("route"),
        participant_id=fields.get("participant_id"),
        error_code=fields.get("error_code"),
        traceback=fields.get("exception"),
    )


def read_lambda_line(text: str, at: datetime, function: str) -> LogLine | None:
    """Parse a line of a function's log; None for what Lambda writes about each invocation.

    What is not structured, such as the text of a function that ran out of time, names the function.
    """
    structured = read_log_line(text)
    if structured is not None:
        return structured
    if not text.strip() or _OF_LAMBDA.match(text):
        return None
    first, _, rest = text.strip().partition("\n")
    level = "ERROR" if _FATAL.search(first) else "INFO"
    message = f"{function}: {_INVOCATION.sub('', first)}"
    return LogLine(at.astimezone(UTC).isoformat(), level, message, traceback=rest or None)


def _message(fields: dict[str, Any]) -> str:
    """Return what a line says; of a request its method, route, status and duration."""
    if fields.get("message") in ("request", "refused", "failed") and "route" in fields:
        code = f" {fields['error_code']}" if "error_code" in fields else ""
        return (
            f"{fields.get('method')} {fields['route']} {fields.get('status')}{code} in {fields.get('ms')} ms"
        )
    return str(fields.get(REDACTED_TEXT) or fields.get("message", ""))


def _moment(text: str) -> str:
    """Return the time of a line as ISO 8601: the log writes `2026-03-01 12:00:00,000+0000`."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S,%f%z").astimezone(UTC).isoformat()
    except ValueError:
        return ""
