"""Messages that failed again and again: kept aside, listed, and replayed when their cause is mended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.errors import NotFound
from chalicelib.messages import NotifyOperator, from_body, kind_of
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import notify_operator
from chalicelib.ports import Message


def move_to_dead_letters(ctx: Context, message: Message, why: str) -> None:
    """Keep a message aside, and tell the operator, once: no mail about mail that couldn't be sent."""
    fields = {"body": message.body, "why": why[:2000], "died": iso(ctx.now)}
    ctx.uow.put_unconditional(keys.dead_letter(ctx.now, message.key[1]), "dead_letter", fields)
    kind = kind_of(message.body)
    if kind != NotifyOperator.kind:
        notify_operator(
            ctx,
            f"A message ({kind}) failed too often and was put aside: {why} When its cause "
            "is mended, have it carried out with: petri dead-letters replay",
        )


def list_dead_letters(ctx: Context) -> list[dict[str, Any]]:
    """Return the dead letters, oldest first: id, what it was to do, why it failed, when."""
    return [_shown(item) for item in ctx.uow.items(keys.DEAD_LETTERS)]


def dead_letter(ctx: Context, letter_id: str) -> dict[str, Any]:
    """Return one dead letter; NotFound when there is none of this id (any more)."""
    return _shown(_found(ctx, letter_id))


def _shown(item: Mapping[str, Any]) -> dict[str, Any]:
    body = item["body"]
    return {"id": item["sk"], "kind": kind_of(body), "why": item["why"], "died": item["died"], "body": body}


def replay_dead_letter(ctx: Context, letter_id: str) -> None:
    """Send a dead letter again; NotFound when there is none of this id (any more)."""
    item = _found(ctx, letter_id)
    ctx.uow.delete_item((keys.DEAD_LETTERS, letter_id), expect=item["v"])
    ctx.uow.post(from_body(item["body"]))


def _found(ctx: Context, letter_id: str) -> Mapping[str, Any]:
    item = ctx.uow.item((keys.DEAD_LETTERS, letter_id))
    if item is None:
        raise NotFound(
            f"There is no dead letter {letter_id!r} (any more); list them with petri dead-letters.",
            code="dead_letter_not_found",
        )
    return item
