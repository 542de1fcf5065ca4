"""Ends the part of a participant who has reached the end of the timeline."""

from __future__ import annotations

from typing import Any

from chalicelib.model.participant import Participant
from chalicelib.model.statuses import VisitStatus
from chalicelib.operations.participant.completion import (
    complete_participation,
    end_participation,
    withdraw,
)
from chalicelib.operations.shared.access import own_participant
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import session_of
from chalicelib.study.study_records import COMPLETE, Place

from .moves import DROPOUT, SCREEN_OUT
from .visits import end_visit

#: The status of a later visit by how the participant's part ended; any other end stopped it early.
_STATUSES = {COMPLETE: VisitStatus.COMPLETED, SCREEN_OUT: VisitStatus.SCREENED_OUT}


def finish(ctx: Context, participant: Participant, place: Place) -> None:
    """Complete, screen out or release a participant whose part is over; once.

    It is done in the commit that reaches the end, so a participant who closes the last page has finished.
    """
    if not participant.is_working:
        return
    if place.visit > 1:
        kind = "" if place.alone_from is not None else place.ended or ""
        end_visit(ctx, participant, place, _STATUSES.get(kind, VisitStatus.STOPPED))
        return
    if place.ended == SCREEN_OUT:
        ctx.experiment.screen_out(participant)
        return
    if place.ended != COMPLETE:
        participant.early_exit_reason = participant.early_exit_reason or place.ended
    elif place.alone_from is not None:
        # They have gone on to the end, but their group hasn't: their work isn't checked or refused for that.
        participant.early_exit_reason = participant.early_exit_reason or DROPOUT
    end_participation(ctx, participant)


def report_completion(ctx: Context, participant_id: int) -> dict[str, Any]:
    """Handle the report of a study's participant that they have finished.

    The timeline says who has finished: a participant who reports it before the end withdraws, with base pay;
    for one whose part has ended, the reason of that end counts.
    """
    participant = own_participant(ctx, participant_id)
    if participant.is_working and participant.end_time is None:
        place = session_of(ctx).find_place(participant_id)
        if place is None or place.ended is None:
            return withdraw(ctx, participant_id)
        finish(ctx, participant, place)
    return complete_participation(ctx, participant_id)
