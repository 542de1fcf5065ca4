"""The run at this moment: who waits, which groups and rooms play and where, who has disconnected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
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

#: The most participants of one page.
MOST_ON_PAGE: Final = 200
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
    room_problem: str = field(metadata={"help": "Why no room can be opened now although some wait."})
    waiting: list[WaitingParticipant]
    early_groups: list[EarlyGroup] = field(metadata={"help": "Where they wait for a group of a study."})
    groups: list[LiveGroup]
    alone: list[LiveMember] = field(metadata={"help": "Those who are in no group and don't wait."})
    working: int = field(metadata={"help": "How many participants are taking part in all."})
    next: str | None = field(metadata={"help": "`after` of the next page; None on the last one."})
    is_partial: bool = field(metadata={"help": "Whether more participants are taking part than these."})


@dataclass(frozen=True, slots=True)
class OpenedRoom:
    """The members of a room that was opened."""

    members: list[int]


def live_state(ctx: Context, after: str | None = None, limit: int = MOST_ON_PAGE) -> LiveState:
    """Return who waits, who plays, and where: a page of those who take part, the latest first.

    A group or a room is whole, and on the page of its latest member who takes part.
    """
    is_first = after is None
    working = _working(ctx)
    remaining = sorted(working if after is None else _below(working, int(after)), reverse=True)
    page = set(remaining[:limit])
    groups = _GroupsOfPage(ctx, page, working)
    people = _items(ctx, {one: keys.participant(one) for one in sorted(page | groups.others)})
    waiting = _waiting_of(ctx, page, is_first=is_first)
    members = _members(ctx, people, groups.places, waiting)
    shown = groups.of(members)
    grouped = {member.participant_id for group in shown for member in group.members} | groups.elsewhere
    problem = _room_problem(ctx) if waiting and is_first else ""
    return LiveState(
        room_size=waiting_rooms.room_size(ctx),
        can_open_room=bool(waiting) and is_first and _has_rooms(ctx) and not problem,
        room_problem=problem,
        waiting=_waiting(ctx, sorted(waiting), people),
        early_groups=early_groups(ctx, sorted(waiting)) if is_first else [],
        groups=shown,
        alone=[member for one, member in members.items() if one in page - grouped],
        working=len(working),
        next=str(min(page)) if len(remaining) > len(page) else None,
        is_partial=len(page) < len(working),
    )


def _working(ctx: Context) -> set[int]:
    listed = ctx.uow.active_participants()
    return {int(one["id"]) for one in listed if one["status"] == ParticipantStatus.WORKING}


def _below(numbers: Collection[int], limit: int) -> list[int]:
    return [one for one in numbers if one < limit]


def _members(
    ctx: Context, people: Mapping[int, Item], places: Mapping[int, Item], waiting: Collection[int]
) -> dict[int, LiveMember]:
    """Return where each of these participants is who doesn't wait."""
    movable = {path: is_on_page(ctx, path) for path in {_page_of(place) for place in places.values()}}
    return {
        one: _member(item, places.get(one), movable) for one, item in people.items() if one not in waiting
    }


def open_room(ctx: Context) -> OpenedRoom:
    """Open a room with those who wait; InvalidState when none may open, or when too few can get a seat."""
    if not _has_rooms(ctx):
        raise InvalidState("This experiment has no waiting room; groups of a study form by themselves.")
    return OpenedRoom(waiting_rooms.open_room_now(ctx))


class _GroupsOfPage:
    """The groups and rooms of a page of participants, and the places of their members."""

    def __init__(self, ctx: Context, page: AbstractSet[int], working: AbstractSet[int]) -> None:
        is_study = as_study(ctx.experiment) is not None
        self.places = _items(ctx, {one: keys.place(one) for one in page}) if is_study else {}
        found = [*_stored_groups(ctx, self.places), *_opened_rooms(ctx)]
        playing = [(name, number, ids & working) for name, number, ids in found if ids & working]
        self._groups = [one for one in playing if max(one[2]) in page]
        everyone = {one for _, _, ids in playing for one in ids}
        here = {one for _, _, ids in self._groups for one in ids}
        #: Participants of the page whose group is on another page.
        self.elsewhere = (everyone - here) & page
        #: Members of the page's groups who aren't on the page themselves.
        self.others = here - page
        if is_study:
            self.places |= _items(ctx, {one: keys.place(one) for one in sorted(self.others)})

    def of(self, members: Mapping[int, LiveMember]) -> list[LiveGroup]:
        """Return the groups with their members who take part; a member who has left a group isn't in it."""
        shown = []
        for name, number, ids in self._groups:
            some = [members[one] for one in sorted(ids) if one in members and self._is_in(number, one)]
            if some:
                shown.append(_group(name, number, some))
        return shown

    def _is_in(self, number: int | None, one: int) -> bool:
        return number is None or _group_of(self.places.get(one)) == number


def _stored_groups(ctx: Context, places: Mapping[int, Item]) -> list[tuple[str, int | None, set[int]]]:
    numbers = {number for place in places.values() if (number := _group_of(place)) is not None}
    stored = _items(ctx, {number: keys.study_group(number) for number in sorted(numbers)})
    return [
        (f"Group {number}", number, {int(member["participant_id"]) for member in item["members"]})
        for number, item in stored.items()
    ]


def _opened_rooms(ctx: Context) -> list[tuple[str, int | None, set[int]]]:
    rooms = waiting_rooms.opened_rooms(ctx) if _has_rooms(ctx) else []
    return [(f"Room {room['id']}", None, set(room["members"])) for room in rooms]


def _group_of(place: Item | None) -> int | None:
    if place is None or not place.get("in_group") or place.get("network_id") is None:
        return None
    return int(place["network_id"])


def _waiting_of(ctx: Context, page: Collection[int], *, is_first: bool) -> set[int]:
    """Return those who wait: all of them on the first page, which acts on them, else those of the page."""
    waiting = set(waiting_ids(ctx))
    return waiting if is_first else waiting & set(page)


def _has_rooms(ctx: Context) -> bool:
    return waiting_rooms.has_waiting_room(ctx)


def _room_problem(ctx: Context) -> str:
    """Say why no room can be opened with those who wait; "" if one can, or if there are no rooms."""
    if not _has_rooms(ctx):
        return ""
    opened = waiting_rooms.opened_rooms(ctx)
    if len(opened) >= waiting_rooms.max_rooms(ctx):
        return "All rooms that the experiment allows are open."
    entries = waiting_rooms.unseated(waiting_rooms.waiting_entries(ctx), opened)
    count, least = len(waiting_rooms.present(ctx, entries)), waiting_rooms.least_members(ctx)
    if count < least:
        return f"A room needs at least {least} participants whose page is open; {count} wait now."
    return ""


def _items(ctx: Context, wanted: Mapping[int, tuple[str, str]]) -> dict[int, Item]:
    ctx.uow.prefetch(more=list(wanted.values()))
    found = {one: ctx.uow.item(key) for one, key in wanted.items()}
    return {one: item for one, item in found.items() if item is not None}


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


def _group(name: str, network_id: int | None, members: list[LiveMember]) -> LiveGroup:
    ((page, _),) = Counter(member.page for member in members).most_common(1)
    return LiveGroup(name, network_id, page, members)
