"""The run at this moment: who waits, which groups and rooms play and where, who has disconnected."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from chalicelib.errors import InvalidState
from chalicelib.model import keys
from chalicelib.model.record import moment
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.management.run_progress import groups_awaited, waiting_ids
from chalicelib.operations.realtime import waiting_rooms
from chalicelib.operations.realtime.dropouts import DISCONNECTED_SINCE
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study

from .live_actions import EarlyGroup, early_groups, is_on_page

#: How many of the latest participants who are working are looked at.
MOST_LOOKED_AT: Final = 1_000
Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WaitingParticipant:
    """A participant who waits for others."""

    participant_id: int
    since: datetime | None
    is_silent: bool = field(metadata={"help": "Whether their page hasn't been heard of lately."})


@dataclass(frozen=True, slots=True)
class LiveMember:
    """A participant who is taking part, and where they are."""

    participant_id: int
    page: str = field(
        metadata={"help": "In a study, the path of their page, such as `rounds[2].contribute`."}
    )
    is_disconnected: bool
    is_movable: bool = field(metadata={"help": "Whether live.move-on can move them on: not from a wait."})


@dataclass(frozen=True, slots=True)
class LiveGroup:
    """A group of a study, or a room, whose members are taking part."""

    name: str
    network_id: int | None = field(metadata={"help": "None for a room."})
    page: str = field(metadata={"help": "Where most of its members are."})
    members: list[LiveMember]


@dataclass(frozen=True, slots=True)
class LiveState:
    """The run at this moment."""

    room_size: int = field(metadata={"help": "How many make a full room; 0 without a waiting room."})
    can_open_room: bool
    waiting: list[WaitingParticipant]
    early_groups: list[EarlyGroup] = field(metadata={"help": "Where they wait for a group of a study."})
    groups: list[LiveGroup]
    alone: list[LiveMember] = field(metadata={"help": "Those who are in no group and don't wait."})
    is_partial: bool = field(metadata={"help": "Whether more participants are taking part than these."})


@dataclass(frozen=True, slots=True)
class OpenedRoom:
    """The members of a room that was opened."""

    members: list[int]


def live_state(ctx: Context) -> LiveState:
    """Return who waits, who plays, and where."""
    working = [
        int(one["id"]) for one in ctx.uow.active_participants() if one["status"] == ParticipantStatus.WORKING
    ]
    latest = working[-MOST_LOOKED_AT:]
    people = _items(ctx, {one: keys.participant(one) for one in latest})
    places = _items(ctx, {one: keys.place(one) for one in people}) if as_study(ctx.experiment) else {}
    waiting = set(waiting_ids(ctx))
    movable = {path: is_on_page(ctx, path) for path in {_page_of(place) for place in places.values()}}
    members = {
        one: _member(item, places.get(one), movable) for one, item in people.items() if one not in waiting
    }
    groups = [*_groups(members, places), *_rooms(ctx, members)]
    grouped = {member.participant_id for group in groups for member in group.members}
    return LiveState(
        room_size=waiting_rooms.room_size(ctx),
        can_open_room=bool(waiting) and _has_room_left(ctx),
        waiting=_waiting(ctx, sorted(waiting), people),
        early_groups=early_groups(ctx, sorted(waiting)),
        groups=groups,
        alone=[member for one, member in members.items() if one not in grouped],
        is_partial=len(latest) < len(working),
    )


def open_room(ctx: Context) -> OpenedRoom:
    """Open a room with those who wait; InvalidState when none may open, or when nobody can get a seat."""
    if not waiting_rooms.has_waiting_room(ctx):
        raise InvalidState("This experiment has no waiting room; groups of a study form by themselves.")
    members = waiting_rooms.open_room_now(ctx)
    if not members:
        raise InvalidState(
            "No room was opened: all rooms that the experiment allows are open, or no participant waits "
            "whose page still answers."
        )
    return OpenedRoom(members)


def _items(ctx: Context, wanted: Mapping[int, tuple[str, str]]) -> dict[int, Item]:
    ctx.uow.prefetch(more=list(wanted.values()))
    found = {one: ctx.uow.item(key) for one, key in wanted.items()}
    return {one: item for one, item in found.items() if item is not None}


def _has_room_left(ctx: Context) -> bool:
    if not waiting_rooms.has_waiting_room(ctx):
        return False
    return len(waiting_rooms.opened_rooms(ctx)) < waiting_rooms.max_rooms(ctx)


def _member(item: Item, place: Item | None, movable: Mapping[str, bool]) -> LiveMember:
    page = _page_of(place)
    is_in_group = place is not None and bool(place.get("in_group")) and place.get("ended") is None
    return LiveMember(
        int(item["id"]), page, _is_disconnected(item, place), is_in_group and movable.get(page, False)
    )


def _page_of(place: Item | None) -> str:
    return "" if place is None else str(place.get("path") or "")


def _is_disconnected(item: Item, place: Item | None) -> bool:
    return DISCONNECTED_SINCE in (item.get("details") or {}) or bool(place is not None and place.get("gone"))


def _waiting(ctx: Context, ids: Sequence[int], people: Mapping[int, Item]) -> list[WaitingParticipant]:
    entries = waiting_rooms.waiting_entries(ctx) if waiting_rooms.has_waiting_room(ctx) else []
    in_room = {int(entry["id"]): entry["since"] for entry in entries}
    since = {**groups_awaited(ctx, ids), **in_room}
    heard = {int(entry["id"]) for entry in waiting_rooms.present(ctx, entries)}
    return [
        WaitingParticipant(
            one,
            moment(since.get(one) or people.get(one, {}).get("waiting_since")),
            is_silent=one in in_room and one not in heard,
        )
        for one in ids
    ]


def _groups(members: Mapping[int, LiveMember], places: Mapping[int, Item]) -> list[LiveGroup]:
    found: dict[int, list[LiveMember]] = defaultdict(list)
    for one, member in members.items():
        place = places.get(one)
        if place is not None and place.get("in_group") and place.get("network_id") is not None:
            found[int(place["network_id"])].append(member)
    return [_group(f"Group {number}", number, some) for number, some in sorted(found.items())]


def _rooms(ctx: Context, members: Mapping[int, LiveMember]) -> list[LiveGroup]:
    if not waiting_rooms.has_waiting_room(ctx):
        return []
    rooms = [
        (room["id"], [members[one] for one in room["members"] if one in members])
        for room in waiting_rooms.opened_rooms(ctx)
    ]
    return [_group(f"Room {number}", None, some) for number, some in rooms if some]


def _group(name: str, network_id: int | None, members: list[LiveMember]) -> LiveGroup:
    ((page, _),) = Counter(member.page for member in members).most_common(1)
    return LiveGroup(name, network_id, page, members)
