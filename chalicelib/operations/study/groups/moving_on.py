"""Moves the members of a group on from a page, as if its time limit were over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chalicelib.errors import InvalidState
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.page_answers import page_at
from chalicelib.operations.study.flow.members import living_members
from chalicelib.operations.study.flow.moves import pending_at, ring, wake_by
from chalicelib.operations.study.flow.time_limits import expire
from chalicelib.operations.study.shared.study_context import session_of
from chalicelib.study.player import StudyGroup
from chalicelib.study.study_records import Place

#: How many members one commit moves on: each takes up to six writes of a hundred.
MAX_MOVED_ON: Final = 12


@dataclass(frozen=True, slots=True)
class MovedOn:
    """The members that a call has moved on, and how many are still on the page."""

    moved: list[int]
    #: Those of them whose part has ended with pay, because their page has required items without defaults.
    ended: list[int]
    left: int


def members_here(ctx: Context, group: StudyGroup) -> list[Place]:
    """Return the places of the members who take part in this group now, not in a later one."""
    return [each for each in living_members(ctx, group) if each.network_id == group.id and each.in_group]


def move_group_on(ctx: Context, network_id: int, path: str) -> MovedOn:
    """Move the members of a group who are on a page on to the next one, as many as one commit takes.

    `path`: the page that the caller has seen them on; a member who has gone on since isn't moved.
    """
    session = session_of(ctx)
    group = session.group(network_id)
    if group.stored.stopped is not None:
        raise InvalidState(f"Group {network_id} has been stopped; its members are paid and leave.")
    members = members_here(ctx, group)
    here = [each for each in members if each.path == path and page_at(ctx, each) is not None]
    if not here:
        raise InvalidState(f"No member of group {network_id} is on the page {path[:80]!r} any more.")
    moved = [each for each in here[:MAX_MOVED_ON] if _expire_page(ctx, each)]
    ring(ctx, members, f"moved{network_id}|{path}|{here[0].participant_id}")
    session.flush()
    return MovedOn(
        [each.participant_id for each in moved],
        [each.participant_id for each in moved if each.ended is not None and each.path],
        len([each for each in here if each.path == path and each.ended is None]),
    )


def _expire_page(ctx: Context, place: Place) -> bool:
    """End the time of a member's page; False if their part has ended meanwhile, with that of their group."""
    page = page_at(ctx, place)
    if place.ended is not None or page is None:
        return False
    expire(ctx, place, page)
    if pending_at(ctx, place) is not None:
        # The message that follows releases a wait for which no member's page asks.
        wake_by(ctx, place, iso(ctx.now))
    return True
