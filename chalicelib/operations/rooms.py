"""The waiting room: a lobby in which people wait, and rooms that open when they are full.

Whoever waits has one small item in the lobby. Rooms are formed by one operation, one at a time (it is
conditioned on, and raises, the version of the rooms' header): it reads lobby and rooms, takes those who
wait and are in no room yet, first come first (or as the experiment groups them), and writes full rooms.
So each seat is taken once, nobody is in two rooms, and nobody waits beside a free seat. A crash before
the commit changes nothing; after it the room stands, and lobby items that are left over are ignored.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.messages import (
    BroadcastCounts,
    FormRooms,
    RejectOverflow,
    SendOpeningState,
    SendRoomState,
    SendToParticipants,
    WaitingTimeout,
)
from chalicelib.model.errors import Conflict, ExperimentError
from chalicelib.model.participant import WORKING, Participant
from chalicelib.model.record import iso, moment
from chalicelib.operations.draws import drawing
from chalicelib.operations.unit import Unit

LOBBY = "lobby"
ROOMS = "rooms"
HEADER = (ROOMS, "#")
#: Rooms are formed, and newcomers announced, at most this often; a burst is one message. In seconds.
TOGETHER = 0.25
#: Who hasn't been heard of for so long is a ghost and gets no seat, in seconds: browsers let a page in the
#: background speak once a minute.
PRESENCE = 90.0
#: How many lobby items are cleared away, and how many people sent home, in one commit.
MOST_AT_ONCE = 40
#: A transaction of DynamoDB holds a hundred writes. A room takes two, and one for each of its members.
MOST_WRITES = 90
#: A heartbeat that comes sooner than this after the last changes nothing, in seconds.
BEAT = 10.0


def has_waiting_room(unit: Unit) -> bool:
    """Whether participants wait for each other before they begin."""
    return room_size(unit) > 0


def room_size(unit: Unit) -> int:
    """How many make a full room: `room_size`, or the `quorum` of the one room there is."""
    return int(unit.experiment.room_size or unit.experiment.quorum or 0)


def most_rooms(unit: Unit) -> float:
    """How many rooms may open: one for a plain quorum, `rooms` of them, or any number."""
    if not unit.experiment.room_size:
        return 1
    return unit.experiment.rooms or math.inf


def enter_lobby(unit: Unit, participant: Participant) -> None:
    """Let a newcomer wait, or be one too many."""
    waiting, opened = lobby(unit), rooms(unit)
    seats_left = (most_rooms(unit) - len(opened)) * room_size(unit)
    taken = sum(len(room["members"]) for room in opened) + len(unseated(waiting, opened))
    if seats_left <= 0 or unit.experiment.is_overrecruited(taken + 1):
        participant.status = "overrecruited"
        return
    _wait(unit, participant.id, unit.now, quiet=False)
    nudge_grouping(unit)
    minutes = unit.experiment.waiting_timeout
    if minutes:
        unit.work.post(
            WaitingTimeout(participant.id),
            due=unit.now + timedelta(minutes=float(minutes)),
        )


def _wait(unit: Unit, participant_id: int, since: datetime, *, quiet: bool) -> None:
    fields = {"id": participant_id, "since": iso(since), "seen": iso(unit.now), "quiet": quiet}
    unit.work.put_anyway(lobby_key(participant_id), "waiting", fields)


def nudge_grouping(unit: Unit) -> None:
    """Have rooms formed in a moment; a burst of arrivals is one look."""
    unit.work.nudge(FormRooms(), "group", due=unit.now + timedelta(seconds=TOGETHER))


def lobby(unit: Unit) -> list[Mapping[str, Any]]:
    """Return who waits, in order of arrival."""
    return sorted(_once(unit, LOBBY), key=lambda item: (item["since"], item["id"]))


def rooms(unit: Unit) -> list[Mapping[str, Any]]:
    """Return the rooms that have opened, in order."""
    return [item for item in _once(unit, ROOMS) if item["kind"] == "room"]


def _once(unit: Unit, collection: str) -> Sequence[Mapping[str, Any]]:
    if collection not in unit.read:
        unit.read[collection] = unit.work.items(collection)
    found: Sequence[Mapping[str, Any]] = unit.read[collection]
    return found


def rooms_to_change(unit: Unit) -> list[Mapping[str, Any]]:
    """Return the rooms that have opened, as this commit is going to find them, or it is refused.

    The header counts them, and is noted before they are read: who opens rooms meanwhile has changed it.
    """
    unit.work.item(HEADER)
    unit.read.pop(ROOMS, None)
    opened = rooms(unit)
    header = unit.work.item(HEADER)
    if len(opened) != (header["last_room"] if header is not None else 0):
        raise Conflict("Rooms are being opened at this moment.")
    return opened


def unseated(
    waiting: Sequence[Mapping[str, Any]], opened: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return who waits and is in no room yet."""
    seated = {one for room in opened for one in room["members"]}
    return [item for item in waiting if item["id"] not in seated]


def alive(unit: Unit, waiting: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Leave out those who haven't been heard of for too long.

    A page that holds a socket and never beats its heart (`quiet`) is there until the socket closes.
    """
    oldest = iso(unit.now - timedelta(seconds=PRESENCE)) or ""
    return [item for item in waiting if item.get("quiet") or item["seen"] >= oldest]


def room_of(unit: Unit, participant_id: int) -> Mapping[str, Any] | None:
    """Return the room in which a participant is, or None."""
    return next((room for room in rooms(unit) if participant_id in room["members"]), None)


def waiting_entry(unit: Unit, participant_id: int) -> Mapping[str, Any] | None:
    """Return a participant's place in the lobby; None for who isn't there, or in a room already."""
    entry = unit.work.item(lobby_key(participant_id))
    if entry is None or room_of(unit, participant_id) is not None:
        return None
    return entry


def form_rooms(unit: Unit) -> None:
    """Open as many rooms as can be filled; tell everybody how far it is."""
    opened = rooms_to_change(unit)
    left = most_rooms(unit) - len(opened)
    waiting = alive(unit, unseated(lobby(unit), opened))
    groups, gone = _groups_of_workers(unit, waiting, left)
    room_for = MOST_WRITES - _clear_away(unit, gone)
    fitting = _fitting(groups, room_for)
    room_for -= _open(unit, fitting, room_for)
    seated = {one for group in groups for one in group}
    rest = [item["id"] for item in waiting if item["id"] not in seated and item["id"] not in gone]
    if len(groups) > len(fitting):
        nudge_grouping(unit)
    elif left - len(groups) <= 0:
        _send_home(unit, rest, room_for=max(0, min(room_for, MOST_AT_ONCE)))
    elif rest or groups:
        unit.work.nudge(BroadcastCounts(), "announce")


def _fitting(groups: Sequence[Sequence[int]], room_for: int) -> list[Sequence[int]]:
    """Return the first groups whose rooms fit into one commit: one at least."""
    fitting: list[Sequence[int]] = []
    for group in groups:
        room_for -= len(group) + 2
        if fitting and room_for < 0:
            break
        fitting.append(group)
    return fitting


def _send_home(unit: Unit, rest: Sequence[int], room_for: int) -> None:
    """Tell those for whom no seat is left, as many as this commit takes, and the others in the next."""
    for participant_id in rest[:room_for]:
        unit.work.post(RejectOverflow(participant_id))
    if len(rest) > room_for:
        nudge_grouping(unit)


def _clear_away(unit: Unit, gone: Sequence[int]) -> int:
    """Take people who may not wait any more out of the lobby, as many as fit; return how many."""
    cleared = gone[: MOST_AT_ONCE // 4]
    for participant_id in cleared:
        unit.work.delete_item(lobby_key(participant_id))
    return len(cleared)


def _groups_of_workers(
    unit: Unit, waiting: Sequence[Mapping[str, Any]], most: float
) -> tuple[list[list[int]], list[int]]:
    """Group those who wait; return also those who have finished or withdrawn, whom others replace."""
    ids = [item["id"] for item in waiting]
    gone: list[int] = []
    while True:
        groups = _groups(unit, ids)
        groups = groups[: int(min(most, len(groups)))]
        left = _who_may_not_wait(unit, [one for group in groups for one in group])
        if not left:
            return groups, gone
        gone += sorted(left)
        ids = [one for one in ids if one not in left]


def _who_may_not_wait(unit: Unit, ids: Sequence[int]) -> set[int]:
    unit.work.prefetch(more=[(f"part#{one}", "#") for one in ids])
    return {one for one in ids if not may_wait(unit.work.participant(one))}


def may_wait(participant: Participant) -> bool:
    """Whether a participant may still be given a seat."""
    return participant.is_working and participant.released is None and not participant.node_ids


def _groups(unit: Unit, ids: Sequence[int]) -> list[list[int]]:
    group_by = unit.experiment.group_by
    if group_by is None:
        size = room_size(unit)
        return [list(ids[start : start + size]) for start in range(0, len(ids) - size + 1, size)]
    unit.work.prefetch(more=[(f"part#{one}", "#") for one in ids])
    people = [unit.work.participant(one) for one in ids]
    with drawing(unit, None, "group_by"):
        chosen = [[person.id for person in group] for group in group_by(people)]
    named = [one for group in chosen for one in group]
    if len(named) != len(set(named)) or not set(named) <= set(ids):
        raise ExperimentError("group_by must put each of those who wait into one group at most; mend it.")
    return [group for group in chosen if group]


def _open(unit: Unit, groups: Sequence[Sequence[int]], room_for: int = MOST_WRITES) -> int:
    """Open a room for each group; return how many writes that takes, which are `room_for` at most.

    The members' records are part of the commit, so that nobody gets a seat who leaves at this moment, and
    nobody who gets a seat is sent home at this moment. Of a room of more members than fit into one commit,
    only as many as fit are.
    """
    header = unit.work.item(HEADER)
    number = header["last_room"] if header is not None else 0
    writes = 0
    for members in groups:
        number += 1
        fields = {"id": number, "members": list(members), "opened": iso(unit.now)}
        unit.work.put_item((ROOMS, f"{number:06d}"), "room", fields)
        unit.work.post(SendOpeningState(number))
        held = [unit.work.participant(one) for one in members[: max(0, room_for - writes - 2)]]
        unit.work.save(*held)
        writes += 2 + len(held)
    if groups:
        unit.work.claim(HEADER, "rooms_header", {"last_room": number})
    return writes


def leave_lobby(unit: Unit, participant_id: int) -> None:
    """Let somebody whose part has ended count as waiting no more."""
    if has_waiting_room(unit):
        unit.work.delete_item(lobby_key(participant_id))


def _leave(unit: Unit, participant_id: int) -> None:
    """Take somebody out of the lobby; whoever gives them a seat at the same time is refused, or this is."""
    if any(participant_id in room["members"] for room in rooms_to_change(unit)):
        raise Conflict("A room was opened with them at this moment.")
    unit.work.delete_item(lobby_key(participant_id))
    header = unit.work.item(HEADER)
    unit.work.claim(HEADER, "rooms_header", {"last_room": header["last_room"] if header is not None else 0})


def waited_long(unit: Unit, participant_id: int) -> None:
    """Start a smaller room with those who wait, or let somebody who waited too long go, with pay."""
    entry = waiting_entry(unit, participant_id)
    if entry is None:
        return
    opened = rooms_to_change(unit)
    least = unit.experiment.min_size
    if least and len(opened) < most_rooms(unit):
        here = _first_who_may_wait(unit, alive(unit, unseated(lobby(unit), opened)), room_size(unit))
        if len(here) >= least:
            _open(unit, [here])
            return
    participant = unit.work.participant(participant_id)
    if not participant.is_working:
        return
    participant.released = "waiting"
    _leave(unit, participant_id)
    _tell_page(unit, participant_id, standing(unit, participant_id))


def _first_who_may_wait(unit: Unit, waiting: Sequence[Mapping[str, Any]], most: int) -> list[int]:
    """Return the first of those who wait and may still be given a seat."""
    ids = [item["id"] for item in waiting]
    found: list[int] = []
    while ids and len(found) < most:
        some, ids = ids[:most], ids[most:]
        left = _who_may_not_wait(unit, some)
        found += [one for one in some if one not in left]
    return found[:most]


def one_too_many(unit: Unit, participant_id: int) -> None:
    """Let somebody go for whom no seat is left; they are paid and skip to the end."""
    participant = unit.work.participant(participant_id)
    if participant.status != WORKING or room_of(unit, participant_id) is not None:
        return
    participant.status = "overrecruited"
    unit.work.list_participant(participant)
    unit.work.delete_item(lobby_key(participant_id))
    _tell_page(unit, participant_id, standing(unit, participant_id))


def lose_socket(unit: Unit, participant: Participant, entry: Mapping[str, Any], since: str) -> None:
    """Take somebody whose socket has been closed since then out of the lobby; their place is free again.

    Who asks for their state over HTTP all the same is still there.
    """
    if entry["seen"] > since and may_wait(participant):
        unit.work.claim(lobby_key(participant.id), "waiting", {**_fields(entry), "quiet": False})
        return
    _leave(unit, participant.id)
    unit.work.nudge(BroadcastCounts(), "announce", due=unit.now + timedelta(seconds=TOGETHER))


def come_back_to_lobby(unit: Unit, participant: Participant, *, quiet: bool | None = None) -> None:
    """Let a page that is open count as waiting, if its participant should be.

    `quiet`: whether it is a socket that (so far) doesn't beat its heart; None: it asked over HTTP.
    """
    if not has_waiting_room(unit) or not may_wait(participant):
        return
    entry = unit.work.item(lobby_key(participant.id))
    was_quiet = bool(entry is not None and entry.get("quiet"))
    is_quiet = was_quiet if quiet is None else quiet
    if entry is not None and was_quiet == is_quiet and _seconds_since(unit, entry["seen"]) < BEAT:
        return
    if room_of(unit, participant.id) is not None:
        return
    since = moment(entry["since"]) if entry is not None else unit.now
    _wait(unit, participant.id, since or unit.now, quiet=is_quiet)
    if entry is None or not alive(unit, [entry]):
        nudge_grouping(unit)


def tell_standing_soon(unit: Unit, participant_id: int) -> None:
    """Have a page that has just begun to listen told how far its room is then."""
    participant = unit.work.participant(participant_id)
    if not has_waiting_room(unit) or participant.node_ids:
        return
    # In a moment, when the socket is surely open; looked up then, since others come meanwhile.
    name, due = f"standing-{participant_id}", unit.now + timedelta(seconds=TOGETHER)
    unit.work.nudge(SendRoomState(participant_id), name, due=due)


def _fields(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in ("id", "since", "seen")}


def _seconds_since(unit: Unit, text: str) -> float:
    then = moment(text)
    return math.inf if then is None else (unit.now - then).total_seconds()


def standing(unit: Unit, participant_id: int) -> dict[str, Any]:
    """Return how far a participant's room is: q, n, overrecruited, and since when they wait."""
    participant = unit.work.participant(participant_id)
    size = room_size(unit)
    room = room_of(unit, participant_id)
    shown: dict[str, Any] = {"q": size, "overrecruited": participant.status == "overrecruited"}
    if participant.released:
        shown["released"] = True
    if room is not None:
        # A room that started smaller is complete all the same: the page opens when n reaches q.
        return {**shown, "q": len(room["members"]), "n": len(room["members"]), "room": room["id"]}
    here = [item["id"] for item in alive(unit, unseated(lobby(unit), rooms(unit)))]
    entry = unit.work.item(lobby_key(participant_id))
    shown["n"] = filling(here, size, participant_id)
    if entry is not None:
        shown["since"] = entry["since"]
    return shown


def filling(here: Sequence[int], size: int, participant_id: int) -> int:
    """How many are in the room that a participant is waiting for; never all, since it isn't open yet."""
    if not size:
        return 0
    place = here.index(participant_id) if participant_id in here else len(here)
    group = place // size
    return min(max(0, len(here) - group * size), max(0, size - 1))


def announcements(unit: Unit) -> list[tuple[list[int], dict[str, Any]]]:
    """Return what those who wait are told: who, and how far their room is."""
    size = room_size(unit)
    here = [item["id"] for item in alive(unit, unseated(lobby(unit), rooms(unit)))]
    groups = [here[start : start + size] for start in range(0, len(here), size or 1)]
    return [(group, {"q": size, "n": min(len(group), size - 1), "overrecruited": False}) for group in groups]


def opening(unit: Unit, number: int) -> tuple[list[int], dict[str, Any]]:
    """Return who is told that a room has opened, and what; their lobby items are cleared away.

    Of a very large room some items are left, which nobody minds: their people have a seat.
    """
    (room,) = unit.work.items(ROOMS, f"{number:06d}")
    members: list[int] = list(room["members"])
    unit.work.prefetch(more=[(f"part#{one}", "#") for one in members])
    for one in members[:MOST_AT_ONCE]:
        unit.work.delete_item(lobby_key(one))
    people = [unit.work.participant(one) for one in members]
    with drawing(unit, None, "room_opened"):
        unit.experiment.room_opened(number, people)
    return members, {"q": len(members), "n": len(members), "overrecruited": False, "room": number}


def _tell_page(unit: Unit, participant_id: int, state: dict[str, Any]) -> None:
    unit.work.post(SendToParticipants((participant_id,), "quorum", state))


def lobby_key(participant_id: int) -> tuple[str, str]:
    """Return where a participant's waiting is kept."""
    return LOBBY, f"{participant_id:010d}"
