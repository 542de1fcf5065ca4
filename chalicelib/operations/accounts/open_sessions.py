"""Lists and ends the sessions of the dashboard that are open; ending them is in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.access.rights import Right
from chalicelib.errors import NotFound
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.access import require_actor, require_right
from chalicelib.operations.shared.context import Context


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session in a list: whose it is, since when, until when, and in which browser."""

    actor: str
    began: str
    expires: str
    agent: str
    #: The id by which it can be ended.
    id: str = ""
    #: The network address at which it began, and the way: `password and code`.
    address: str = ""
    how: str = ""


def list_sessions(ctx: Context) -> list[OpenSession]:
    """Return the open sessions, newest first: all of them, or without the right Manage lab one's own."""
    actor = require_actor(ctx)
    sees_all = actor.may(Right.MANAGE_LAB)
    found = [
        _session(item)
        for item in ctx.uow.items(keys.SESSIONS)
        if not is_expired(item, ctx.now) and (sees_all or item["actor"] == actor.id)
    ]
    return sorted(found, key=lambda session: session.began, reverse=True)


def end_sessions_of(ctx: Context, actor_id: str) -> int:
    """End all sessions of an actor, and return how many; those of another actor require Manage lab."""
    if require_actor(ctx).id != actor_id:
        require_right(ctx, Right.MANAGE_LAB)
    count = len([item for item in ctx.uow.items(keys.SESSIONS) if item["actor"] == actor_id])
    record_change(ctx, "sessions.end", records=[("sessions", actor_id)], fields={"count": count})
    delete_sign_ins(ctx, actor_id)
    return count


def end_one_session(ctx: Context, session_id: str) -> None:
    """End one session; one of another actor requires Manage lab. NotFound for one that has ended."""
    actor = require_actor(ctx)
    item = ctx.uow.item((keys.SESSIONS, session_id)) if session_id else None
    is_hidden = item is not None and item["actor"] != actor.id and not actor.may(Right.MANAGE_LAB)
    if item is None or is_hidden:
        raise NotFound("This session has ended already.", code="session_not_found")
    record_change(ctx, "sessions.end", records=[("sessions", item["actor"])], fields={"count": 1})
    ctx.uow.delete_item((keys.SESSIONS, session_id))


def delete_sign_ins(ctx: Context, actor_id: str, *, kept: str = "") -> None:
    """Delete all sessions of an actor but one, and the links that would begin more.

    `kept`: the id of the session that goes on.
    """
    for collection in (keys.SESSIONS, keys.TICKETS):
        for item in ctx.uow.items(collection):
            if item["actor"] == actor_id and item["sk"] != kept:
                ctx.uow.delete_item((collection, item["sk"]))


def _session(item: Mapping[str, Any]) -> OpenSession:
    return OpenSession(
        item["actor"],
        item["began"],
        item["expires"],
        item["agent"],
        item["sk"],
        item.get("address", ""),
        item.get("how", ""),
    )


def is_expired(item: Mapping[str, Any], now: datetime) -> bool:
    """Whether a stored session or ticket has ended."""
    return bool(item["expires"] <= iso(now))
