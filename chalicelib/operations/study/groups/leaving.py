"""Handles participants who leave a study before its end: their slot is free again, their group goes on."""

from __future__ import annotations

from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.design.assignment import release_slot
from chalicelib.operations.study.shared.study_context import Pending, session_of

LEFT = "left"


def leave_study(ctx: Context, participant_id: int) -> list[Pending]:
    """Record that a participant has left; return what the others of their group wait for.

    Withdrawing, returning the assignment, running out of time, being screened out and failing a check all
    come here: each of them fails the participant's nodes.
    """
    session = session_of(ctx)
    place = session.find_place(participant_id)
    if place is None:
        return []
    release_slot(ctx, place)
    if place.ended is None:
        place.ended = LEFT
    waiting: list[Pending] = []
    if place.in_group and place.network_id is not None:
        for one in session.group(place.network_id).stored.member_ids():
            other = session.place(one)
            if one != participant_id and other.ended is None:
                waiting.append(Pending(other.path, one, place.network_id))
    session.flush()
    return waiting
