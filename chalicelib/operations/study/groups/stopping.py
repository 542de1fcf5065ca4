"""Ends the part of a participant whose study has failed for them."""

from __future__ import annotations

from chalicelib.messages import ReleaseSeat
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import notify_operator
from chalicelib.operations.study.flow.members import TEXTS
from chalicelib.operations.study.flow.moves import ERROR, RELEASED, add_place, ring, stop_with_pay
from chalicelib.operations.study.shared.study_context import session_of
from chalicelib.study.study_records import Place

from .waits import stop_group


def release_from_study(ctx: Context, participant_id: int) -> None:
    """End a participant's part now, with pay; their group goes on without them, as when a member leaves.

    A participant who hasn't opened their first page is paid as well, and sees the end instead.
    """
    session = session_of(ctx)
    place = session.find_place(participant_id) or add_place(ctx, ctx.uow.participant(participant_id))
    if place.ended is not None:
        return
    stop_with_pay(ctx, place, TEXTS[RELEASED], RELEASED)
    if place.in_group:
        ctx.uow.post(ReleaseSeat(participant_id, is_withdrawal=True))
    ring(ctx, [place], f"release|{participant_id}")
    session.flush()


def stop_part(ctx: Context, participant_id: int, reason: str) -> None:
    """End a participant's part with pay after an error of the study's code, and notify the operator.

    A member's group is stopped: the others would wait for them, or meet the same error.
    """
    session = session_of(ctx)
    place = session.find_place(participant_id)
    if place is None:
        # The choice of the first page has failed.
        place = Place(participant_id=participant_id)
        session.add_place(place)
    if place.ended is not None:
        return
    if place.in_group and place.network_id is not None:
        stop_group(ctx, place.network_id, reason)
        return
    stop_with_pay(ctx, place, TEXTS[ERROR], ERROR)
    session.flush()
    notify_operator(
        ctx,
        f"Participant {participant_id} was released with pay: {reason.rstrip('.')}. "
        "Fix the code and deploy again; participants who come to this page then use the new version.",
    )
