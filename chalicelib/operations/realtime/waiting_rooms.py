"""The waiting room: a lobby in which participants wait, and rooms that open when they are full.

Each waiting participant has one small item in the lobby. One operation forms rooms, one at a time (its commit
is conditional on the version of the rooms' header, and raises it): it reads lobby and rooms, takes the
participants without a room in order of arrival (or as the experiment groups them), and writes full rooms. So
each seat is taken once, each participant is in one room, and none waits beside a free seat. A crash before
the commit changes nothing; after it the room exists, and leftover lobby items are ignored.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.errors import Conflict, ExperimentError, InvalidState
from chalicelib.messages import (
    BroadcastCounts,
    FormRooms,
    RejectOverflow,
    SendOpeningState,
    SendRoomState,
    SendToParticipants,
    WaitingTimeout,
)
from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso, moment
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.shared import poll_intervals
from chalicelib.operations.shared.access import own_participant
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.random_seeds import seeded_draws

#: Rooms are formed, and newcomers announced, at most this often; a burst is one message. In seconds.
COALESCE_SECONDS = 0.25
#: A participant who has been silent for longer than this gets no seat, in seconds: browsers let a page in the
#: background send once a minute.
PRESENCE_TIMEOUT = 90.0
#: How many lobby items one commit deletes, and how many participants it rejects.
MAX_PER_COMMIT = 40
#: A DynamoDB transaction holds a hundred writes. A room takes two, and one for each of its members.
MAX_WRITES_PER_COMMIT = 90
#: A heartbeat that comes sooner than this after the last changes nothing, in seconds.
MIN_BEAT_INTERVAL = 10.0


def has_waiting_room(ctx: Context) -> bool:
    """Whether participants wait for each other before they begin."""
    return room_size(ctx) > 0


def room_size(ctx: Context) -> int:
    """Return how many make a full room: `room_size`, or the `quorum` of a single room."""
    return int(ctx.experiment.room_size or ctx.experiment.quorum or 0)


def max_rooms(ctx: Context) -> float:
    """Return how many rooms may open: one for a plain quorum, `rooms` of them, or any number."""
    if not ctx.experiment.room_size:
        return 1
    return ctx.experiment.rooms or math.inf


def enter_lobby(ctx: Context, participant: Participant) -> None:
    """Let a new participant wait, or mark them as overrecruited when all seats are taken."""
    waiting, opened = waiting_entries(ctx), opened_rooms(ctx)
    seats_left = (max_rooms(ctx) - len(opened)) * room_size(ctx)
    taken = sum(len(room["members"]) for room in opened) + len(unseated(waiting, opened))
    if seats_left <= 0 or ctx.experiment.is_overrecruited(taken + 1):
        participant.change_status(ParticipantStatus.OVERRECRUITED)
        return
    _wait(ctx, participant.id, ctx.now, quiet=False)
    schedule_room_forming(ctx)
    minutes = ctx.experiment.waiting_timeout
    if minutes:
        ctx.uow.post(
            WaitingTimeout(participant.id),
            due=ctx.now + timedelta(minutes=float(minutes)),
        )


def _wait(ctx: Context, participant_id: int, since: datetime, *, quiet: bool) -> None:
    fields = {"id": participant_id, "since": iso(since), "seen": iso(ctx.now), "quiet": quiet}
    ctx.uow.put_unconditional(keys.lobby(participant_id), "waiting", fields)


def schedule_room_forming(ctx: Context) -> None:
    """Schedule the forming of rooms; a burst of arrivals is coalesced into one."""
    ctx.uow.send_transient(FormRooms(), "group", due=ctx.now + timedelta(seconds=COALESCE_SECONDS))


def waiting_entries(ctx: Context) -> list[Mapping[str, Any]]:
    """Return the waiting participants' items, in order of arrival."""
    return sorted(_items_once(ctx, keys.LOBBY), key=lambda item: (item["since"], item["id"]))


def opened_rooms(ctx: Context) -> list[Mapping[str, Any]]:
    """Return the rooms that have opened, in order."""
    return [item for item in _items_once(ctx, keys.ROOMS) if item["kind"] == "room"]


def _items_once(ctx: Context, collection: str) -> Sequence[Mapping[str, Any]]:
    if collection not in ctx.read:
        ctx.read[collection] = ctx.uow.items(collection)
    items: Sequence[Mapping[str, Any]] = ctx.read[collection]
    return items


def lock_rooms(ctx: Context) -> list[Mapping[str, Any]]:
    """Return the opened rooms; a commit that finds others is a conflict.

    The header counts them and is read first, so that opening a room meanwhile changes its version.
    """
    ctx.uow.item(keys.ROOMS_HEADER)
    ctx.read.pop(keys.ROOMS, None)
    opened = opened_rooms(ctx)
    header = ctx.uow.item(keys.ROOMS_HEADER)
    if len(opened) != (header["last_room"] if header is not None else 0):
        raise Conflict("Another request is opening rooms.")
    return opened


def unseated(
    waiting: Sequence[Mapping[str, Any]], opened: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return the items of waiting participants without a room."""
    seated = {one for room in opened for one in room["members"]}
    return [item for item in waiting if item["id"] not in seated]


def present(ctx: Context, waiting: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the items of participants who aren't silent for too long.

    A page that holds a socket and never sends heartbeats (`quiet`) is present until the socket closes.
    """
    oldest = iso(ctx.now - timedelta(seconds=PRESENCE_TIMEOUT))
    return [item for item in waiting if item.get("quiet") or item["seen"] >= oldest]


def room_of(ctx: Context, participant_id: int) -> Mapping[str, Any] | None:
    """Return a participant's room, or None."""
    return next((room for room in opened_rooms(ctx) if participant_id in room["members"]), None)


def waiting_entry(ctx: Context, participant_id: int) -> Mapping[str, Any] | None:
    """Return a participant's lobby item; None when they aren't waiting, or have a room already."""
    entry = ctx.uow.item(keys.lobby(participant_id))
    if entry is None or room_of(ctx, participant_id) is not None:
        return None
    return entry


def form_rooms(ctx: Context) -> None:
    """Open as many rooms as can be filled, and schedule the broadcast of their states."""
    opened = lock_rooms(ctx)
    left = max_rooms(ctx) - len(opened)
    waiting = present(ctx, unseated(waiting_entries(ctx), opened))
    groups, ineligible = _eligible_groups(ctx, waiting, left)
    room_for = MAX_WRITES_PER_COMMIT - _remove_ineligible(ctx, ineligible)
    fitting = _fitting(groups, room_for)
    room_for -= _open(ctx, fitting, room_for)
    seated = {one for group in groups for one in group}
    rest = [item["id"] for item in waiting if item["id"] not in seated and item["id"] not in ineligible]
    if len(groups) > len(fitting):
        schedule_room_forming(ctx)
    elif left - len(groups) <= 0:
        _reject_remaining(ctx, rest, room_for=max(0, min(room_for, MAX_PER_COMMIT)))
    elif rest or groups:
        ctx.uow.send_transient(BroadcastCounts(), "announce")


def _fitting(groups: Sequence[Sequence[int]], room_for: int) -> list[Sequence[int]]:
    """Return the first groups whose rooms fit into one commit; at least one."""
    fitting: list[Sequence[int]] = []
    for group in groups:
        room_for -= len(group) + 2
        if fitting and room_for < 0:
            break
        fitting.append(group)
    return fitting


def _reject_remaining(ctx: Context, rest: Sequence[int], room_for: int) -> None:
    """Reject participants without a seat, as many as this commit holds; the next one rejects the others."""
    for participant_id in rest[:room_for]:
        ctx.uow.post(RejectOverflow(participant_id))
    if len(rest) > room_for:
        schedule_room_forming(ctx)


def _remove_ineligible(ctx: Context, ineligible: Sequence[int]) -> int:
    """Remove participants who may not wait any more from the lobby, as many as fit; return how many."""
    cleared = ineligible[: MAX_PER_COMMIT // 4]
    for participant_id in cleared:
        ctx.uow.delete_item(keys.lobby(participant_id))
    return len(cleared)


def _eligible_groups(
    ctx: Context, waiting: Sequence[Mapping[str, Any]], most: float
) -> tuple[list[list[int]], list[int]]:
    """Group the waiting participants; also return those who finished or withdrew, whom others replace."""
    ids = [item["id"] for item in waiting]
    ineligible: list[int] = []
    while True:
        groups = _groups(ctx, ids)
        groups = groups[: int(min(most, len(groups)))]
        left = _ineligible(ctx, [one for group in groups for one in group])
        if not left:
            return groups, ineligible
        ineligible += sorted(left)
        ids = [one for one in ids if one not in left]


def _ineligible(ctx: Context, ids: Sequence[int]) -> set[int]:
    ctx.uow.prefetch(more=[keys.participant(one) for one in ids])
    return {one for one in ids if not may_wait(ctx.uow.participant(one))}


def may_wait(participant: Participant) -> bool:
    """Whether a participant may still get a seat."""
    return participant.is_working and participant.early_exit_reason is None and not participant.node_ids


def _groups(ctx: Context, ids: Sequence[int]) -> list[list[int]]:
    group_by = ctx.experiment.group_by
    if group_by is None:
        size = room_size(ctx)
        return [list(ids[start : start + size]) for start in range(0, len(ids) - size + 1, size)]
    ctx.uow.prefetch(more=[keys.participant(one) for one in ids])
    people = [ctx.uow.participant(one) for one in ids]
    with seeded_draws(ctx, None, "group_by"):
        chosen = [[person.id for person in group] for group in group_by(people)]
    named = [one for group in chosen for one in group]
    if len(named) != len(set(named)) or not set(named) <= set(ids):
        raise ExperimentError("group_by must put each waiting participant into at most one group; fix it.")
    return [group for group in chosen if group]


def _open(ctx: Context, groups: Sequence[Sequence[int]], room_for: int = MAX_WRITES_PER_COMMIT) -> int:
    """Open a room for each group; return how many writes that takes, at most `room_for`.

    The members' records are part of the commit, so that a participant who leaves at this moment gets no seat,
    and one who gets a seat isn't rejected at this moment. Of a room with more members than fit into one
    commit, only as many as fit are part of it.
    """
    header = ctx.uow.item(keys.ROOMS_HEADER)
    number = header["last_room"] if header is not None else 0
    writes = 0
    for members in groups:
        number += 1
        fields = {"id": number, "members": list(members), "opened": iso(ctx.now)}
        ctx.uow.put_item(keys.room(number), "room", fields)
        ctx.uow.post(SendOpeningState(number))
        held = [ctx.uow.participant(one) for one in members[: max(0, room_for - writes - 2)]]
        ctx.uow.save(*held)
        writes += 2 + len(held)
    if groups:
        ctx.uow.put_if_unchanged(keys.ROOMS_HEADER, "rooms_header", {"last_room": number})
    return writes


def leave_lobby(ctx: Context, participant_id: int) -> None:
    """Remove a participant whose part has ended from the lobby."""
    if has_waiting_room(ctx):
        ctx.uow.delete_item(keys.lobby(participant_id))


def _leave(ctx: Context, participant_id: int) -> None:
    """Remove a participant from the lobby; a concurrent commit that seats them conflicts with this one."""
    if any(participant_id in room["members"] for room in lock_rooms(ctx)):
        raise Conflict("A room was opened with this participant meanwhile.")
    ctx.uow.delete_item(keys.lobby(participant_id))
    header = ctx.uow.item(keys.ROOMS_HEADER)
    ctx.uow.put_if_unchanged(
        keys.ROOMS_HEADER, "rooms_header", {"last_room": header["last_room"] if header is not None else 0}
    )


def handle_waiting_timeout(ctx: Context, participant_id: int) -> None:
    """Open a smaller room with those waiting, or release the participant whose wait timed out, with pay."""
    entry = waiting_entry(ctx, participant_id)
    if entry is None:
        return
    opened = lock_rooms(ctx)
    least = ctx.experiment.min_size
    if least and len(opened) < max_rooms(ctx):
        waiting = _first_eligible(ctx, present(ctx, unseated(waiting_entries(ctx), opened)), room_size(ctx))
        if len(waiting) >= least:
            _open(ctx, [waiting])
            return
    participant = ctx.uow.participant(participant_id)
    if not participant.is_working:
        return
    participant.early_exit_reason = "waiting"
    _leave(ctx, participant_id)
    _send_state(ctx, participant_id, room_state(ctx, participant_id))


def open_room_now(ctx: Context) -> list[int]:
    """Open a room with those who wait, although it may not be full; return its members.

    InvalidState when all rooms are open, or when fewer than `min_size` participants wait.
    """
    opened = lock_rooms(ctx)
    if len(opened) >= max_rooms(ctx):
        raise InvalidState("No room was opened: all rooms that the experiment allows are open.")
    members = _first_eligible(ctx, present(ctx, unseated(waiting_entries(ctx), opened)), room_size(ctx))
    least = least_members(ctx)
    if len(members) < least:
        raise InvalidState(
            f"No room was opened: the experiment's rooms need at least {least} "
            f"{'participant' if least == 1 else 'participants'}, and {len(members)} with an open page wait."
        )
    _open(ctx, [members])
    return members


def least_members(ctx: Context) -> int:
    """Return with how many members a room can open before it is full: `min_size`, or one."""
    return max(1, int(ctx.experiment.min_size or 0))


def _first_eligible(ctx: Context, waiting: Sequence[Mapping[str, Any]], most: int) -> list[int]:
    """Return the first waiting participants who may still get a seat."""
    ids = [item["id"] for item in waiting]
    eligible: list[int] = []
    while ids and len(eligible) < most:
        some, ids = ids[:most], ids[most:]
        left = _ineligible(ctx, some)
        eligible += [one for one in some if one not in left]
    return eligible[:most]


def reject_overflow(ctx: Context, participant_id: int) -> None:
    """Release a participant without a seat; they are paid and skip to the end."""
    participant = ctx.uow.participant(participant_id)
    if participant.status != ParticipantStatus.WORKING or room_of(ctx, participant_id) is not None:
        return
    participant.change_status(ParticipantStatus.OVERRECRUITED)
    ctx.uow.update_status_index(participant)
    ctx.uow.delete_item(keys.lobby(participant_id))
    _send_state(ctx, participant_id, room_state(ctx, participant_id))


def remove_disconnected(ctx: Context, participant: Participant, entry: Mapping[str, Any], since: str) -> None:
    """Remove a participant whose socket has been closed since then from the lobby, which frees their place.

    A participant whose page still polls over HTTP is still present.
    """
    if entry["seen"] > since and may_wait(participant):
        ctx.uow.put_if_unchanged(keys.lobby(participant.id), "waiting", {**_fields(entry), "quiet": False})
        return
    _leave(ctx, participant.id)
    ctx.uow.send_transient(BroadcastCounts(), "announce", due=ctx.now + timedelta(seconds=COALESCE_SECONDS))


def refresh_waiting(ctx: Context, participant: Participant, *, quiet: bool | None = None) -> None:
    """Record that a waiting participant's page is open.

    `quiet`: whether it holds a socket that (so far) sends no heartbeats; None: it polled over HTTP.
    """
    if not has_waiting_room(ctx) or not may_wait(participant):
        return
    entry = ctx.uow.item(keys.lobby(participant.id))
    was_quiet = bool(entry is not None and entry.get("quiet"))
    is_quiet = was_quiet if quiet is None else quiet
    if entry is not None and was_quiet == is_quiet and _seconds_since(ctx, entry["seen"]) < MIN_BEAT_INTERVAL:
        return
    if room_of(ctx, participant.id) is not None:
        return
    since = moment(entry["since"]) if entry is not None else ctx.now
    _wait(ctx, participant.id, since or ctx.now, quiet=is_quiet)
    if entry is None or not present(ctx, [entry]):
        schedule_room_forming(ctx)


def schedule_room_state(ctx: Context, participant_id: int) -> None:
    """Schedule the room state for a page that has just subscribed."""
    participant = ctx.uow.participant(participant_id)
    if not has_waiting_room(ctx) or participant.node_ids:
        return
    # After a delay, when the socket is surely open; read then, since others may arrive meanwhile.
    name, due = f"standing-{participant_id}", ctx.now + timedelta(seconds=COALESCE_SECONDS)
    ctx.uow.send_transient(SendRoomState(participant_id), name, due=due)


def _fields(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in ("id", "since", "seen")}


def _seconds_since(ctx: Context, text: str) -> float:
    then = moment(text)
    return math.inf if then is None else (ctx.now - then).total_seconds()


def room_state(ctx: Context, participant_id: int) -> dict[str, Any]:
    """Return the state of a participant's room: q, n, overrecruited, and since when they wait."""
    participant = ctx.uow.participant(participant_id)
    size = room_size(ctx)
    room = room_of(ctx, participant_id)
    state: dict[str, Any] = {
        "q": size,
        "overrecruited": participant.status == ParticipantStatus.OVERRECRUITED,
    }
    if participant.early_exit_reason:
        state["released"] = True
    if room is not None:
        # A room that opened smaller is complete: the page continues when n reaches q.
        return {**state, "q": len(room["members"]), "n": len(room["members"]), "room": room["id"]}
    waiting = [item["id"] for item in present(ctx, unseated(waiting_entries(ctx), opened_rooms(ctx)))]
    entry = ctx.uow.item(keys.lobby(participant_id))
    state["n"] = room_fill(waiting, size, participant_id)
    if entry is not None:
        state["since"] = entry["since"]
    return state


def room_fill(waiting: Sequence[int], size: int, participant_id: int) -> int:
    """Return how many wait for a participant's room; never all, since it isn't open yet."""
    if not size:
        return 0
    place = waiting.index(participant_id) if participant_id in waiting else len(waiting)
    group = place // size
    return min(max(0, len(waiting) - group * size), max(0, size - 1))


def room_counts(ctx: Context) -> list[tuple[list[int], dict[str, Any]]]:
    """Return the participants of each waiting group, and the state of their room."""
    size = room_size(ctx)
    waiting = [item["id"] for item in present(ctx, unseated(waiting_entries(ctx), opened_rooms(ctx)))]
    groups = [waiting[start : start + size] for start in range(0, len(waiting), size or 1)]
    return [(group, {"q": size, "n": min(len(group), size - 1), "overrecruited": False}) for group in groups]


def opening_state(ctx: Context, number: int) -> tuple[list[int], dict[str, Any]]:
    """Call `room_opened`; return the members and the state to send them, and delete their lobby items.

    Some items of a very large room remain, which does no harm: their participants have a seat.
    """
    (room,) = ctx.uow.items(*keys.room(number))
    members: list[int] = list(room["members"])
    ctx.uow.prefetch(more=[keys.participant(one) for one in members])
    for one in members[:MAX_PER_COMMIT]:
        ctx.uow.delete_item(keys.lobby(one))
    people = [ctx.uow.participant(one) for one in members]
    with seeded_draws(ctx, None, "room_opened"):
        ctx.experiment.room_opened(number, people)
    return members, {"q": len(members), "n": len(members), "overrecruited": False, "room": number}


def _send_state(ctx: Context, participant_id: int, state: dict[str, Any]) -> None:
    ctx.uow.post(SendToParticipants((participant_id,), "quorum", state))


def get_waiting_room(ctx: Context, participant_id: int) -> dict[str, Any]:
    """Return q, n, overrecruited, since when the participant waits, and the room once it has opened.

    `look_after`: after how many seconds the page should poll again.
    """
    participant = own_participant(ctx, participant_id)
    refresh_waiting(ctx, participant)
    state = room_state(ctx, participant_id)
    people = 0 if "room" in state else len(waiting_entries(ctx))
    return {"quorum": state, "look_after": poll_intervals.poll_interval(people)}
