"""Handles participants who leave a study before its end: their slot is free again, their group goes on."""

from __future__ import annotations

from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.peer_answers import release_seats
from chalicelib.operations.study.design.assignment import release_slot
from chalicelib.operations.study.flow.members import living_members, stop_members
from chalicelib.operations.study.flow.moves import DROPOUT, element_at, pending_at, ring
from chalicelib.operations.study.flow.visits import abandon_visit
from chalicelib.operations.study.shared.study_context import Pending, own_place, session_of
from chalicelib.study.elements import Gathering
from chalicelib.study.study_records import COMPLETE, Place

LEFT = "left"


def leave_study(ctx: Context, participant_id: int, *, is_withdrawal: bool = False) -> list[Pending]:
    """Record that a participant has left; return what the others of their group wait for.

    Withdrawing, returning the assignment, running out of time, being screened out and failing a check all
    come here: each of them fails the participant's nodes. `is_withdrawal`: the participant withdrew from a
    later session, whose pay they keep.
    """
    session = session_of(ctx)
    place = session.find_place(participant_id)
    if place is None:
        return []
    release_slot(ctx, place)
    if place.ended is None:
        release_seats(ctx, place)
        if isinstance(element_at(ctx, place.path), Gathering):
            # They aren't counted any more among those who have arrived.
            ctx.uow.delete_item(keys.pooled(place.path, participant_id))
    if place.visit > 1:
        abandon_visit(ctx, ctx.uow.participant(participant_id), place, is_withdrawal=is_withdrawal)
    if place.ended is None:
        place.ended = LEFT
    waiting: list[Pending | None] = []
    if place.in_group and place.network_id is not None:
        group = session.group(place.network_id)
        if group.stored.end_absence(participant_id, ctx.now):
            ring(ctx, living_members(ctx, group), f"gone{group.id}|{participant_id}")
        for one in group.stored.member_ids():
            other = session.place(one)
            if one != participant_id and other.ended is None:
                waiting.append(pending_at(ctx, other))
    session.flush()
    return [pending for pending in waiting if pending is not None]


def stop_without_member(ctx: Context, reason: str) -> bool:
    """Stop the caller's group, with pay, if a member has left it for good; return whether it was stopped.

    `reason`: why the others can't go on, such as a page that shows the answer of the member who has left.
    """
    session = session_of(ctx)
    _, place = own_place(ctx)
    if place is None or place.ended is not None or not place.in_group or place.network_id is None:
        return False
    group = session.group(place.network_id)
    members = [session.place(one) for one in group.stored.member_ids()]
    if group.stored.stopped is not None or not any(_has_left(ctx, member) for member in members):
        return False
    stop_members(ctx, group, reason, DROPOUT)
    session.flush()
    return True


def _has_left(ctx: Context, place: Place) -> bool:
    return place.ended != COMPLETE and not ctx.uow.participant(place.participant_id).is_working
