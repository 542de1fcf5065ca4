"""Makes requests idempotent: a repeated request id changes nothing and gets the first response again."""

from __future__ import annotations

from typing import Any

from chalicelib.errors import Unprocessable
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant

from .context import Context

#: How many request ids a participant or a node stores.
MAX_REMEMBERED = 20


def previous_result(ctx: Context, keeper: Node | Participant) -> Any | None:
    """Return the result of the first request with this id, or None for a new id.

    Unprocessable when the id was used for a different request.
    """
    if ctx.request.id is None:
        return None
    for request_id, fingerprint, result in keeper.requests:
        if request_id == ctx.request.id:
            if fingerprint != ctx.request.fingerprint:
                raise Unprocessable
            return result
    return None


def record_result(ctx: Context, keeper: Node | Participant, result: Any) -> None:
    """Store this request's result on a record that it changes anyway."""
    if ctx.request.id is not None:
        entry = [ctx.request.id, ctx.request.fingerprint, result]
        keeper.requests = [*keeper.requests, entry][-MAX_REMEMBERED:]
