"""Keeps messages that failed too often as dead letters, lists them, and replays them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.access.rights import Right
from chalicelib.errors import NotFound
from chalicelib.messages import NotifyOperator, from_body, kind_of
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import notify_operator
from chalicelib.ports import Message


def move_to_dead_letters(ctx: Context, message: Message, why: str) -> None:
    """Make a dead letter of a message, and notify the operator, except of a notice that couldn't be sent."""
    fields = {"body": message.body, "why": why[:2000], "died": iso(ctx.now)}
    ctx.uow.put_unconditional(keys.dead_letter(ctx.now, message.key[1]), "dead_letter", fields)
    kind = kind_of(message.body)
    if kind != NotifyOperator.kind:
        notify_operator(
            ctx,
            f"A message ({kind}) failed too often and became a dead letter: {why} When you "
            "have fixed the cause, run: petri dead-letters replay",
        )


def list_dead_letters(ctx: Context) -> list[dict[str, Any]]:
    """Return the dead letters, oldest first: id, kind, why and when it failed, body."""
    require_right(ctx, Right.VIEW)
    return [_as_dict(item) for item in ctx.uow.items(keys.DEAD_LETTERS)]


def dead_letters_page(ctx: Context, after: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return some dead letters, oldest first, and the id behind which the next page begins."""
    require_right(ctx, Right.VIEW)
    page = ctx.uow.page(keys.DEAD_LETTERS, after=after, limit=limit)
    return [_as_dict(item) for item in page.items], page.after


def dead_letter(ctx: Context, letter_id: str) -> dict[str, Any]:
    """Return one dead letter; NotFound for an unknown id."""
    require_right(ctx, Right.VIEW)
    return _as_dict(_found(ctx, letter_id))


def _as_dict(item: Mapping[str, Any]) -> dict[str, Any]:
    body = item["body"]
    return {"id": item["sk"], "kind": kind_of(body), "why": item["why"], "died": item["died"], "body": body}


def replay_dead_letter(ctx: Context, letter_id: str) -> None:
    """Post a dead letter's message again; NotFound for an unknown id."""
    require_right(ctx, Right.RUN_LIVE_SESSION)
    item = _found(ctx, letter_id)
    ctx.uow.delete_item((keys.DEAD_LETTERS, letter_id), expect=item["v"])
    ctx.uow.post(from_body(item["body"]))


def _found(ctx: Context, letter_id: str) -> Mapping[str, Any]:
    item = ctx.uow.item((keys.DEAD_LETTERS, letter_id))
    if item is None:
        raise NotFound(
            f"No dead letter has the id {letter_id!r}. To list them, run: petri dead-letters",
            code="dead_letter_not_found",
        )
    return item
