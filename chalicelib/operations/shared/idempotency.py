"""A request that is repeated changes nothing and gets the first answer again."""

from __future__ import annotations

from typing import Any

from chalicelib.errors import Unprocessable
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant

from .context import Context

#: How many requests a participant's and a node's record remember.
MAX_REMEMBERED = 20


def previous_result(ctx: Context, keeper: Node | Participant) -> Any | None:
    """Return what the first request with this id made, or None for a new one.

    Unprocessable when the id was used before for something else.
    """
    if ctx.request.id is None:
        return None
    for request_id, fingerprint, made in keeper.requests:
        if request_id == ctx.request.id:
            if fingerprint != ctx.request.fingerprint:
                raise Unprocessable
            return made
    return None


def record_result(ctx: Context, keeper: Node | Participant, made: Any) -> None:
    """Keep what this request made on a record that it changes anyway."""
    if ctx.request.id is not None:
        entry = [ctx.request.id, ctx.request.fingerprint, made]
        keeper.requests = [*keeper.requests, entry][-MAX_REMEMBERED:]
