"""Schedules participants' visits to later sessions, begins and ends them, and posts what they are paid.

The first visit is what every study has: it ends with the participant's submission. Each later one has a
`Visit`, whose number is part of its keys, so its pay is recorded once, however often a message is delivered.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.messages import CloseVisit, PayVisit, SendReminder
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso
from chalicelib.model.statuses import PAID_VISITS, SUCCESSFUL, ParticipantStatus, VisitStatus
from chalicelib.operations.participant.completion import end_participation
from chalicelib.operations.realtime.dropouts import forget_disconnect
from chalicelib.operations.recruitment import budget
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.participant_visits import (
    record_begun_visit,
    record_ended_visit,
    record_scheduled_visit,
)
from chalicelib.operations.study.shared.study_context import moment_of, session_of
from chalicelib.study.elements import Session
from chalicelib.study.study_records import Place, VisitRecord

OPENING, CLOSING = "opening", "closing"


def schedule_visit(ctx: Context, place: Place, session: Session) -> None:
    """End the visit of a participant who has come to a Session, and schedule the next one."""
    participant = ctx.uow.participant(place.participant_id)
    if place.visit == 1:
        if participant.is_working:
            end_participation(ctx, participant)
    else:
        end_visit(ctx, participant, place, VisitStatus.COMPLETED)
    _leave_group(place)
    place.visit += 1
    opens = ctx.now if _opens_at_once(ctx, participant) else ctx.now + session.after
    visit = VisitRecord(
        participant_id=participant.id,
        number=place.visit,
        session=session.name,
        path=place.path,
        opens_at=iso(opens),
        closes_at=iso(opens + session.open_for),
        pay=str(session.dollars),
    )
    record_scheduled_visit(participant, visit.number)
    session_of(ctx).add_visit(visit)
    ctx.uow.post(CloseVisit(participant.id, visit.number), due=opens + session.open_for)
    if not _is_bot(ctx, participant):
        _post_reminders(ctx, visit, session, opens)


def _opens_at_once(ctx: Context, participant: Participant) -> bool:
    """Whether a session opens without waiting: for bots, and where an author tries a study."""
    return _is_bot(ctx, participant) or (ctx.settings.sessions_at_once and ctx.settings.mode == "debug")


def _is_bot(ctx: Context, participant: Participant) -> bool:
    return ctx.recruiters.capabilities(participant.recruiter).recruits_bots


def _leave_group(place: Place) -> None:
    """Let a participant leave their group, cohort or chain: groups form again in each session."""
    place.network_id = place.node_id = place.role = place.cohort = None
    place.in_group = place.gone = False
    place.mates = []


def _post_reminders(ctx: Context, visit: VisitRecord, session: Session, opens: datetime) -> None:
    for way in session.ways:
        ctx.uow.post(SendReminder(visit.participant_id, visit.number, way, OPENING), due=opens)
        if session.remind_before_end is not None:
            due = opens + session.open_for - session.remind_before_end
            ctx.uow.post(SendReminder(visit.participant_id, visit.number, way, CLOSING), due=due)


def find_visit(ctx: Context, place: Place) -> VisitRecord | None:
    """Return the visit in which a participant is, or which is to come; None for the first."""
    return session_of(ctx).find_visit(place.participant_id, place.visit)


def can_begin(ctx: Context, participant: Participant, visit: VisitRecord) -> bool:
    """Whether a visit can be begun now: it is open, and the participant's submission has been received."""
    opens, closes = moment_of(visit.opens_at), moment_of(visit.closes_at)
    is_open = opens is not None and closes is not None and opens <= ctx.now < closes
    return is_open and visit.status == VisitStatus.WAITING and participant.status in SUCCESSFUL


def has_closed(ctx: Context, visit: VisitRecord) -> bool:
    """Whether a visit that wasn't begun can't be begun any more."""
    closes = moment_of(visit.closes_at)
    return visit.status == VisitStatus.WAITING and closes is not None and ctx.now >= closes


def begin_visit(ctx: Context, participant: Participant, visit: VisitRecord) -> None:
    """Record that a participant begins a visit; at the end of `duration` it has to be finished."""
    visit.begin(iso(ctx.now))
    forget_disconnect(participant)
    record_begun_visit(participant)
    ctx.uow.post(
        CloseVisit(participant.id, visit.number), due=ctx.now + timedelta(hours=ctx.settings.duration)
    )


def is_overdue(ctx: Context, visit: VisitRecord) -> bool:
    """Whether a visit was begun so long ago that its participant won't finish it."""
    began = moment_of(visit.began_at)
    hours = ctx.settings.duration
    return (
        visit.status == VisitStatus.OPEN and began is not None and ctx.now >= began + timedelta(hours=hours)
    )


def end_visit(ctx: Context, participant: Participant, place: Place, status: VisitStatus) -> bool:
    """End a participant's visit after the first, once; what it pays is recorded by a message.

    Returns False for a visit that has ended already.
    """
    visit = find_visit(ctx, place)
    if visit is None or visit.status not in (VisitStatus.WAITING, VisitStatus.OPEN):
        return False
    visit.end(status, iso(ctx.now))
    began = moment_of(visit.began_at) if status in PAID_VISITS else None
    record_ended_visit(participant, 0.0 if began is None else (ctx.now - began).total_seconds())
    if status in PAID_VISITS:
        ctx.uow.post(PayVisit(participant.id, visit.number))
    return True


def abandon_visit(ctx: Context, participant: Participant, place: Place, *, is_withdrawal: bool) -> None:
    """End the visit of a participant who leaves: one that they have begun is paid if they withdrew.

    A visit that has ended with pay, as when a group goes on without a member, stays as it is.
    """
    visit = find_visit(ctx, place)
    if visit is not None and visit.status in PAID_VISITS:
        return
    has_begun = visit is not None and visit.status == VisitStatus.OPEN
    status = VisitStatus.WITHDRAWN if has_begun and is_withdrawal else VisitStatus.CANCELLED
    end_visit(ctx, participant, place, status)
    if status not in PAID_VISITS:
        budget.reserve_sessions(ctx, participant, participant.status)


def has_lost_submission(participant: Participant) -> bool:
    """Whether the first visit's submission never came, or was refused, so that no visit follows."""
    return participant.status not in SUCCESSFUL and participant.status != ParticipantStatus.WORKING


def place_of(ctx: Context, participant_id: int) -> tuple[Participant, Place | None]:
    """Return a participant and their place, read in one call."""
    session = session_of(ctx)
    session.prefetch([participant_id])
    return ctx.uow.participant(participant_id), session.find_place(participant_id)
