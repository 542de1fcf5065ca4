"""Finds waiting rooms and groups that are stuck: members wait too long, or for others who can't come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.model import keys
from chalicelib.model.record import moment
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.realtime import waiting_rooms
from chalicelib.operations.recruitment.headcount import headcount
from chalicelib.operations.recruitment.recruitment import is_closed
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study

if TYPE_CHECKING:
    from chalicelib.study.study_records import Pooled

#: With more participants at work, others are taken to come.
MOST_LOOKED_AT: Final = 1_000
#: How long after the limit of a wait its end may come: jobs run every minute.
GRACE: Final = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class StuckRoom:
    """Where participants wait in vain."""

    name: str = field(metadata={"help": "In words, such as `the waiting room` or `the group 'dyad'`."})
    size: int = field(metadata={"help": "How many make a full room or group."})
    waiting: int
    since: datetime = field(metadata={"help": "Since when the first of them waits."})
    limit_minutes: float | None = field(metadata={"help": "How long the experiment lets them wait."})
    is_overdue: bool = field(metadata={"help": "Whether the first waits longer than that."})
    can_fill: bool = field(metadata={"help": "Whether enough participants can still come."})


def stuck_rooms(ctx: Context, waiting: Sequence[int]) -> list[StuckRoom]:
    """Return where the participants who wait are stuck."""
    if not waiting:
        return []
    found = [*_waiting_room(ctx), *_groups_of_a_study(ctx, waiting)]
    return [room for room in found if room.is_overdue or not room.can_fill]


def _waiting_room(ctx: Context) -> Iterator[StuckRoom]:
    if not waiting_rooms.has_waiting_room(ctx):
        return
    entries = waiting_rooms.unseated(waiting_rooms.waiting_entries(ctx), waiting_rooms.opened_rooms(ctx))
    if entries:
        size, since = waiting_rooms.room_size(ctx), min(str(one["since"]) for one in entries)
        limit = ctx.experiment.waiting_timeout or None
        # With a limit, a room of this size opens when the limit is reached.
        least = (limit and ctx.experiment.min_size) or size
        # Participants enter the room when they arrive: only new ones can fill it.
        can_fill = len(entries) >= least or _more_can_arrive(ctx)
        yield _room(ctx, "the waiting room", size, len(entries), since, limit, can_fill=can_fill)


def _groups_of_a_study(ctx: Context, waiting: Sequence[int]) -> Iterator[StuckRoom]:
    if as_study(ctx.experiment) is None:
        return
    # Lazy import: only studies need their modules.
    from chalicelib.operations.study.flow.moves import element_at
    from chalicelib.operations.study.groups.gathering import entries_of
    from chalicelib.study.elements import Gathering

    for path, entries in sorted(entries_of(ctx, waiting).items()):
        element = element_at(ctx, path)
        if not isinstance(element, Gathering):
            continue
        least = getattr(element, "minimum", 0) or element.size
        can_fill = len(entries) >= least or _more_can_arrive(ctx) or _others_take_part(ctx, entries)
        name = f"the {type(element).__name__.lower()} {element.name!r}"
        since = min(one.since for one in entries)
        yield _room(ctx, name, element.size, len(entries), since, element.wait_minutes, can_fill=can_fill)


def _others_take_part(ctx: Context, entries: Sequence[Pooled]) -> bool:
    """Whether participants whose part hasn't ended are elsewhere in the study, from where they may come."""
    here = {one.participant_id for one in entries}
    working = [
        int(one["id"]) for one in ctx.uow.active_participants() if one["status"] == ParticipantStatus.WORKING
    ]
    if len(working) > MOST_LOOKED_AT:
        return True
    others = [one for one in working if one not in here]
    ctx.uow.prefetch(more=[key(one) for one in others for key in (keys.place, keys.participant)])
    return any(_is_taking_part(ctx, one) for one in others)


def _is_taking_part(ctx: Context, participant_id: int) -> bool:
    place, person = ctx.uow.item(keys.place(participant_id)), ctx.uow.item(keys.participant(participant_id))
    has_ended = place is not None and place.get("ended") is not None
    return not has_ended and person is not None and not person.get("released")


def _more_can_arrive(ctx: Context) -> bool:
    return not is_closed(ctx) or headcount(ctx).pending > 0


def _room(
    ctx: Context, name: str, size: int, waiting: int, since: str, limit: float | None, *, can_fill: bool
) -> StuckRoom:
    began = moment(since) or ctx.now
    is_overdue = limit is not None and ctx.now > began + timedelta(minutes=limit) + GRACE
    return StuckRoom(name, size, waiting, began, limit, is_overdue, can_fill)
