"""Lists the entries of the audit log, and erases the values of entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.access.rights import Right
from chalicelib.errors import NotFound
from chalicelib.model import keys
from chalicelib.operations.shared.access import require_actor, require_right
from chalicelib.operations.shared.context import Context

from .entries import AuditEntry, ChainHead
from .seals import audited_actors


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """An entry with its values; None when they were erased."""

    entry: AuditEntry
    values: dict[str, Any] | None
    address: str = ""


def list_entries(ctx: Context, actor_id: str | None = None, *, limit: int = 50) -> list[ListedEntry]:
    """Return the newest entries of an actor, or of all, newest first.

    Without the right Manage lab, actors see their own entries only.
    """
    caller = require_actor(ctx)
    if actor_id != caller.id:
        require_right(ctx, Right.MANAGE_LAB)
    actors = audited_actors(ctx) if actor_id is None else [actor_id]
    entries = [entry for actor in actors for entry in _newest(ctx, actor, limit)]
    entries.sort(key=lambda entry: (entry.at, entry.actor, entry.number), reverse=True)
    return [_with_values(ctx, entry) for entry in entries[:limit]]


def erase_values(ctx: Context, actor_id: str, number: int) -> None:
    """Erase the values of an entry, which stays in its chain without them; NotFound for an unknown entry."""
    require_right(ctx, Right.EDIT_PARTICIPANTS)
    require_right(ctx, Right.VIEW_PERSONAL_DATA)
    if ctx.uow.item(keys.audit_entry(actor_id, number)) is None:
        raise NotFound(f"There is no entry {number} of {actor_id}.", code="audit_entry_not_found")
    ctx.uow.delete_item(keys.audit_values(actor_id, number))


def _newest(ctx: Context, actor_id: str, limit: int) -> Iterator[AuditEntry]:
    last = ChainHead.from_item(ctx.uow.item(keys.audit_head(actor_id))).number
    numbers = range(last, max(0, last - limit), -1)
    ctx.uow.prefetch(more=[keys.audit_entry(actor_id, number) for number in numbers])
    for number in numbers:
        item = ctx.uow.item(keys.audit_entry(actor_id, number))
        if item is not None:
            yield AuditEntry.from_item(item)


def _with_values(ctx: Context, entry: AuditEntry) -> ListedEntry:
    item = ctx.uow.item(keys.audit_values(entry.actor, entry.number))
    if item is None:
        return ListedEntry(entry, None)
    return ListedEntry(entry, item["values"]["fields"], item["values"]["address"])
