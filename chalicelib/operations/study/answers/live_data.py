"""Returns the initial data of a live element's or a chat's page, also after a reload."""

from __future__ import annotations

from typing import Any

from chalicelib.errors import Busy, Conflict
from chalicelib.model import keys
from chalicelib.operations.realtime.dropouts import is_disconnected
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.hook_errors import HookFailedError
from chalicelib.operations.study.shared.study_context import session_of, study_of
from chalicelib.serializable import require_serializable
from chalicelib.study.elements import Chat, Live
from chalicelib.study.items.markup import marked
from chalicelib.study.player import Player, StudyGroup
from chalicelib.study.study_records import LiveRow, Place
from chalicelib.study.translation import translate

CHAT_SCRIPT = "/static/scripts/petri-chat.js"
#: The number of the group's last rows that a chat shows after a reload.
MAX_SHOWN = 200


def live_fields(ctx: Context, place: Place, page: Live | Chat, player: Player) -> dict[str, Any]:
    """Return the fields of a live element or a chat in addition to a page's: data, script and button."""
    group = player.group
    if isinstance(page, Chat):
        done = page.button or marked("Done")
        return {
            "kind": "chat",
            "script": CHAT_SCRIPT,
            "button": translate(done, study_of(ctx).language) if page.can_leave else None,
            "data": {} if group is None else _chat_data(ctx, place, group),
        }
    button = {} if page.can_leave else {"button": None}
    return {"kind": "live", "data": snapshot_of(ctx, page.snapshot, player), **button}


def snapshot_of(ctx: Context, method: str | None, player: Player) -> Any:
    """Return what a page with a script begins with; nothing where its element has no such method."""
    group = player.group
    return {} if method is None or group is None else _snapshot(ctx, method, group, player)


def _snapshot(ctx: Context, name: str, group: StudyGroup, player: Player) -> Any:
    """Return what the study's method gives; HookFailedError when it fails, which stops the group."""
    try:
        data = getattr(study_of(ctx), name)(group, player)
        require_serializable(data, f"{name}()")
    except (Busy, Conflict):
        raise
    except Exception as error:
        # An author's method may raise anything; the error is logged where the group is stopped.
        what = f"{name}() at {player.path} raised {type(error).__name__}: {error}"
        raise HookFailedError(group.id, what) from error
    return data


def _chat_data(ctx: Context, place: Place, group: StudyGroup) -> dict[str, Any]:
    ids = group.stored.member_ids()
    return {
        "path": place.path,
        "network": group.id,
        "me": ids.index(place.participant_id) + 1,
        "members": [member_name(ctx, group, number) for number in range(len(ids))],
        "away": away_members(ctx, place.path, group),
        "messages": _last_messages(ctx, place, group),
    }


def away_members(ctx: Context, path: str, group: StudyGroup) -> list[int]:
    """Return the numbers of the members at a chat who have disconnected, from 1."""
    session = session_of(ctx)
    members = enumerate(map(session.place, group.stored.member_ids()), start=1)
    return [
        number
        for number, place in members
        if place.path == path and is_disconnected(ctx.uow.participant(place.participant_id))
    ]


def member_name(ctx: Context, group: StudyGroup, number: int) -> str:
    """Return a member's name in a chat: their role if no other member has it, or a number."""
    roles = [member["role"] for member in group.stored.members]
    if roles[number] is not None and roles.count(roles[number]) == 1:
        return str(roles[number])
    return translate(marked("Member {number}"), study_of(ctx).language).format(number=number + 1)


def _last_messages(ctx: Context, place: Place, group: StudyGroup) -> list[dict[str, Any]]:
    last = group.stored.rows
    row_keys = [keys.live_row(group.id, number) for number in range(max(0, last - MAX_SHOWN), last)]
    ctx.uow.prefetch(more=row_keys)
    stored_rows = [item for item in map(ctx.uow.item, row_keys) if item is not None]
    rows = [row for row in map(LiveRow.from_item, stored_rows) if row.path == place.path]
    return [chat_message(group, row.number, row.participant_id, row.values["text"], row.at) for row in rows]


def chat_message(
    group: StudyGroup, number: int, participant_id: int | None, text: str, at: str
) -> dict[str, Any]:
    """Return a message as pages get it; `member` is the writer's place in the group, from 1."""
    members = group.stored.member_ids()
    writer = 0 if participant_id not in members else members.index(participant_id) + 1
    return {"number": number, "member": writer, "text": text, "at": at}
