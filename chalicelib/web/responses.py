"""Serializes responses and errors in one shape."""

from __future__ import annotations

import html
import json
import math
import random
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from chalice.app import Response

from chalicelib.errors import Busy, ExperimentError, PetriError, Refused
from chalicelib.model.record import to_json_value_or_raise
from chalicelib.serializable import find_unserializable, serialization_message

HEADERS: dict[str, str | list[str]] = {"Content-Type": "application/json", "Cache-Control": "no-store"}
_jitter = random.SystemRandom()


#: Authors' own fields may hold datetimes and decimals.
_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=to_json_value_or_raise
).encode


def encode(fields: Any, what: str = "The response") -> str:
    """Serialize to JSON; ExperimentError names the value that can't be serialized, and `what` contains it."""
    try:
        return _encode(fields)
    except (TypeError, ValueError, RecursionError):
        for path, why in find_unserializable(fields, "", (datetime, Decimal)):
            # The log shows an error's cause instead, and the cause doesn't name the field.
            raise ExperimentError(serialization_message(what, path, why)) from None
        raise


def json_response(fields: dict[str, Any], what: str = "The response") -> Response:
    """Respond 200 with the fields and status "success"; `what` names them in errors."""
    return written(encode(succeeded(fields), what))


def succeeded(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields with the status "success"."""
    return {"status": "success", **fields}


def written(body: str) -> Response:
    """Respond 200 with a text that is JSON already."""
    return Response(body=body, headers=dict(HEADERS), status_code=200)


def empty_result(field: str, reason: Refused) -> Response:
    """Respond 200 with null for a field, and the reason: a refusal that is part of a normal run."""
    response = json_response({field: None, "error_code": reason.code, "error_text": str(reason)})
    if isinstance(reason, Busy):
        response.headers["Retry-After"] = _retry_after(reason)
    return response


def error_response(error: PetriError) -> Response:
    """Respond with an error: its title, its text, a stable code for programs, and a page."""
    public = error if isinstance(error, Refused) else None
    text = str(error) if public else "Something went wrong on our side. The error has been logged."
    status = error.status if public else 500
    headers = dict(HEADERS)
    if isinstance(error, Busy):
        headers["Retry-After"] = _retry_after(error)
    body = {
        "status": "error",
        "error_type": _title(error),
        "error_text": text,
        "error_code": error.code if public else "internal_error",
        "html": error_page(_title(error), text),
        **(public.fields if public else {}),
    }
    return Response(body=json.dumps(body, ensure_ascii=False), headers=headers, status_code=status)


def _retry_after(error: Busy) -> str:
    """Return the seconds to wait, with jitter, so that waiting clients don't all retry at once."""
    return str(max(1, math.ceil(error.retry_after * _jitter.uniform(0.75, 1.5))))


def _title(error: PetriError) -> str:
    if not isinstance(error, Refused):
        return "Something went wrong"
    return error.code.replace("_", " ").capitalize()


def error_page(title: str, text: str) -> str:
    """Return a whole HTML page that shows the error, which old pages display as their own."""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title>"
        '<link rel="stylesheet" href="/static/css/petri.css"></head>'
        '<body><main class="container"><div class="main_div" role="alert">'
        f"<h1>{html.escape(title)}</h1><p>{html.escape(text)}</p></div></main></body></html>"
    )
