"""Opens a participant's next session now, at the operator's word."""

from __future__ import annotations

from typing import NoReturn

from chalicelib.access.rights import Right
from chalicelib.errors import RuleBroken
from chalicelib.messages import SendReminder
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso
from chalicelib.model.statuses import VisitStatus
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import moment_of, session_of, study_of
from chalicelib.study.elements import Session
from chalicelib.study.study_records import VisitRecord

from .moves import element_at
from .visits import OPENING, find_visit, has_closed, has_lost_submission, place_of


def open_session_now(ctx: Context, participant_id: int) -> VisitRecord:
    """Open a participant's next session now, and remind them; RuleBroken when there is none to open.

    It closes when it would have closed anyway.
    """
    require_right(ctx, Right.EDIT_PARTICIPANTS)
    study_of(ctx)
    participant, place = place_of(ctx, participant_id)
    visit = None if place is None or place.ended is not None else find_visit(ctx, place)
    if visit is None:
        _refuse(participant, "has no session to come: they haven't come to one, or their part has ended")
    _require_waiting(ctx, participant, visit)
    visit.opens_at = iso(ctx.now)
    element = element_at(ctx, visit.path)
    for way in element.ways if isinstance(element, Session) else ():
        ctx.uow.post(SendReminder(participant_id, visit.number, way, OPENING))
    session_of(ctx).flush()
    return visit


def _require_waiting(ctx: Context, participant: Participant, visit: VisitRecord) -> None:
    closes, opens = moment_of(visit.closes_at), moment_of(visit.opens_at)
    if visit.status != VisitStatus.WAITING:
        _refuse(participant, f"has begun the session {visit.session!r}")
    if has_lost_submission(participant):
        _refuse(participant, f"is {participant.status}, so no more sessions follow for them")
    if has_closed(ctx, visit):
        _refuse(
            participant,
            f"has missed the session {visit.session!r}, which closed at {closes:%Y-%m-%d %H:%M} UTC",
        )
    if opens is not None and opens <= ctx.now:
        _refuse(
            participant,
            f"can begin the session {visit.session!r} until {closes:%Y-%m-%d %H:%M} UTC: it is open",
        )


def _refuse(participant: Participant, why: str) -> NoReturn:
    raise RuleBroken(f"No session was opened: participant {participant.id} {why}.")
