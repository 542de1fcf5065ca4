"""Records each change by an actor in the actor's chain, in the commit of the change."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.access.rights import Actor
from chalicelib.errors import Forbidden
from chalicelib.messages import SealAuditLog
from chalicelib.model import keys
from chalicelib.model.record import iso, moment
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context

from .entries import MAX_RECORDS, AuditEntry, ChainHead, Record, mac_of, visible_values


def record_change(
    ctx: Context,
    operation: str,
    *,
    records: Sequence[Record],
    fields: Mapping[str, Any] | None = None,
    address: str | None = None,
    is_result: bool = False,
) -> AuditEntry:
    """Write an entry of this change by the calling actor, in the same commit.

    Two changes of one actor at once are retried one after the other; changes of different actors don't
    meet. Forbidden when the actor's rights have changed since the call began.

    Args:
        ctx: The context of the change.
        operation: The name of the operation: `payments.retry`.
        records: What the change touches, as (kind, id); a bulk action is one entry.
        fields: The values that were set, which can be erased later; those with a secret name aren't stored.
        address: The network address of the caller, by default the request's; it is stored with the values.
        is_result: Whether the entry says what came of changes that are made; it is written although the
            actor's rights have changed in the meantime.

    """
    actor = require_actor(ctx)
    head = read_head(ctx, actor.id) if is_result else _current_head(ctx, actor)
    values = {
        "fields": visible_values(fields or {}),
        "address": ctx.request.address if address is None else address,
    }
    key = secrets.token_hex(16)
    entry = AuditEntry(
        actor=actor.id,
        number=head.number + 1,
        at=iso(ctx.now),
        operation=operation,
        records=tuple(records[:MAX_RECORDS]),
        record_count=len(records),
        fields=tuple(sorted(fields or {})),
        request_id=ctx.request.id or "",
        values_mac=mac_of(key, values),
        previous=head.hash,
    )
    ctx.uow.put_item(
        keys.audit_entry(actor.id, entry.number), "audit_entry", {**entry.to_fields(), "hash": entry.hash}
    )
    ctx.uow.put_item(
        keys.audit_values(actor.id, entry.number), "audit_values", {"key": key, "values": values}
    )
    head.number, head.hash = entry.number, entry.hash
    _request_seal(ctx, head)
    write_head(ctx, actor.id, head)
    return entry


def require_current_rights(ctx: Context) -> None:
    """Refuse a change whose actor's rights have changed since the call began, without an entry of its own.

    The head is written again, so that a change of the rights and this one don't both commit.
    """
    actor = require_actor(ctx)
    write_head(ctx, actor.id, _current_head(ctx, actor))


def _current_head(ctx: Context, actor: Actor) -> ChainHead:
    head = read_head(ctx, actor.id)
    if head.rights_version != actor.version:
        raise Forbidden(
            "Your rights were changed a moment ago, so this change wasn't made. Reload the page, or sign in "
            "again.",
            code="rights_changed",
        )
    return head


def raise_rights_version(ctx: Context, actor_id: str) -> int:
    """Note in this commit that an actor's rights change; return their new version.

    Changes of this actor that are under way are refused, whichever commit is first.
    """
    head = read_head(ctx, actor_id)
    head.rights_version += 1
    write_head(ctx, actor_id, head)
    return head.rights_version


def read_head(ctx: Context, actor_id: str) -> ChainHead:
    """Return the head of an actor's chain, as this unit of work is about to write it."""
    name = f"audit head {actor_id}"
    if name not in ctx.read:
        ctx.read[name] = ChainHead.from_item(ctx.uow.item(keys.audit_head(actor_id)))
    head: ChainHead = ctx.read[name]
    return head


def write_head(ctx: Context, actor_id: str, head: ChainHead) -> None:
    """Write the head of a chain with this commit; a new chain is listed too."""
    ctx.uow.put_item(keys.audit_head(actor_id), "audit_head", head.to_fields(), expect=head.stored)
    if head.stored is None:
        ctx.uow.put_item(keys.audit_actor(actor_id), "audit_actor", {"actor": actor_id})


def _request_seal(ctx: Context, head: ChainHead) -> None:
    """Post the message that seals all chains in the next hour; one for each actor and hour."""
    due = moment(head.seal_due) if head.seal_due else None
    if due is None or due <= ctx.now:
        next_hour = _next_hour(ctx.now)
        head.seal_due = iso(next_hour)
        ctx.uow.post(SealAuditLog(), due=next_hour)


def _next_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
