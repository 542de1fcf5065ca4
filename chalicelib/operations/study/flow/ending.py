"""Ends the part of a participant who has reached the end of the timeline."""

from __future__ import annotations

from chalicelib.model.participant import Participant
from chalicelib.operations.participant.completion import end_participation
from chalicelib.operations.shared.context import Context
from chalicelib.study.study_records import COMPLETE, Place

from .moves import SCREEN_OUT


def finish(ctx: Context, participant: Participant, place: Place) -> None:
    """Complete, screen out or release a participant whose part is over; once.

    It is done in the commit that reaches the end, so a participant who closes the last page has finished.
    """
    if participant.end_time is not None or not participant.is_working:
        return
    if place.ended == SCREEN_OUT:
        ctx.experiment.screen_out(participant)
        return
    if place.ended != COMPLETE:
        participant.early_exit_reason = participant.early_exit_reason or place.ended
    end_participation(ctx, participant)
