"""Makes requests idempotent: a repeated request id changes nothing and gets the first response again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from chalicelib.errors import Unprocessable
from chalicelib.model import keys
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant

from .context import Context

#: How many request ids a participant or a node stores.
MAX_REMEMBERED = 20
#: How long the answers to changes over the API are kept.
ANSWER_LIFETIME: Final = timedelta(days=2)


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


def previous_answer(ctx: Context, actor_id: str) -> Mapping[str, Any] | None:
    """Return the answer to an actor's first request with this id, or None for a new id.

    Unprocessable when the id was used for a different request.
    """
    if ctx.request.id is None:
        return None
    stored = ctx.uow.item(keys.api_answer(actor_id, ctx.request.id))
    # The database deletes expired answers some time later.
    if stored is None or stored["expires"] <= ctx.now.timestamp():
        return None
    if stored["fingerprint"] != ctx.request.fingerprint:
        raise Unprocessable
    answer: Mapping[str, Any] = stored["answer"]
    return answer


def record_answer(ctx: Context, actor_id: str, answer: Mapping[str, Any]) -> None:
    """Store the answer to this request with the change; of two requests with one id, one commits.

    `answer`: without personal fields, since it outlives the actor's rights and the participant's erasure.
    """
    if ctx.request.id is not None:
        key = keys.api_answer(actor_id, ctx.request.id)
        expired = ctx.uow.item(key)
        fields = {
            "fingerprint": ctx.request.fingerprint,
            "answer": dict(answer),
            "expires": int((ctx.now + ANSWER_LIFETIME).timestamp()),
        }
        ctx.uow.put_item(key, "api_answer", fields, expect=None if expired is None else expired["v"])
