"""Closes visits at their end, and records what visits are paid."""

from __future__ import annotations

from chalicelib.model.participant import Participant
from chalicelib.model.run_records import visit_kind
from chalicelib.model.statuses import PAID_VISITS, VisitStatus
from chalicelib.operations.participant.submission import checked_bonus
from chalicelib.operations.payment.ledger import record_debt
from chalicelib.operations.payment.pay_summary import promised_pay
from chalicelib.operations.recruitment import budget
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.design.assignment import release_slot
from chalicelib.operations.study.shared.study_context import Pending, session_of, study_of
from chalicelib.study.elements import Session
from chalicelib.study.elements.sessions import SKIP
from chalicelib.study.items.markup import marked
from chalicelib.study.player import Player
from chalicelib.study.study_records import Place

from .moves import element_at, move_on, pending_at, skip_to_session
from .visits import (
    begin_visit,
    can_begin,
    end_visit,
    find_visit,
    has_closed,
    has_lost_submission,
    is_overdue,
    place_of,
)

#: Why a participant's part ended, beside "complete" and the like.
MISSED, UNFINISHED, CANCELLED = "missed", "unfinished", "cancelled"
TEXTS = {
    MISSED: marked(
        "This session has closed, so it can't be started any more. Thank you for the sessions that you have "
        "completed; you keep your pay for them."
    ),
    UNFINISHED: marked(
        "The time for this session is over. Thank you for the sessions that you have completed; you keep "
        "your pay for them."
    ),
    CANCELLED: marked("There are no more sessions for you. Thank you for taking part!"),
}


def begin_if_open(ctx: Context, participant: Participant, place: Place) -> bool:
    """Begin the visit of a participant at a Session, if that is possible now; return whether it was."""
    visit = find_visit(ctx, place)
    if visit is None or not can_begin(ctx, participant, visit):
        return False
    begin_visit(ctx, participant, visit)
    place.alone_from = None
    move_on(ctx, place)
    return True


def close_if_due(ctx: Context, participant: Participant, place: Place) -> bool:
    """End what a participant can't begin or finish any more; return whether there was such a visit."""
    visit = find_visit(ctx, place)
    if visit is None or place.ended is not None:
        return False
    if has_lost_submission(participant):
        return _end_study(ctx, participant, place, VisitStatus.CANCELLED)
    if has_closed(ctx, visit):
        return _miss(ctx, participant, place)
    if is_overdue(ctx, visit):
        return _end_study(ctx, participant, place, VisitStatus.UNFINISHED)
    return False


def _miss(ctx: Context, participant: Participant, place: Place) -> bool:
    element = element_at(ctx, place.path)
    if (
        isinstance(element, Session)
        and element.missed == SKIP
        and end_visit(ctx, participant, place, VisitStatus.MISSED)
    ):
        skip_to_session(ctx, place)
        budget.reserve_sessions(ctx, participant, participant.status)
        return True
    return _end_study(ctx, participant, place, VisitStatus.MISSED)


def _end_study(ctx: Context, participant: Participant, place: Place, status: VisitStatus) -> bool:
    """End the study for a participant; their data stay, and their slot goes to another one."""
    if not end_visit(ctx, participant, place, status):
        return False
    place.serial += 1
    place.ended, place.message = status.value, TEXTS[status]
    place.shown_at = place.until = None
    release_slot(ctx, place)
    budget.reserve_sessions(ctx, participant, participant.status)
    return True


def close_visit(ctx: Context, participant_id: int, number: int) -> list[Pending]:
    """Handle the moment at which a visit closes, or has to be finished; return what others wait for."""
    participant, place = place_of(ctx, participant_id)
    if place is None or place.visit != number:
        return []
    others = _others(ctx, place)
    if not close_if_due(ctx, participant, place):
        return []
    session_of(ctx).flush()
    return others


def _others(ctx: Context, place: Place) -> list[Pending]:
    """Return what the other members of a participant's group wait for."""
    if not place.in_group or place.network_id is None:
        return []
    session = session_of(ctx)
    members = [session.place(one) for one in session.group(place.network_id).stored.member_ids()]
    waiting = [
        pending_at(ctx, other)
        for other in members
        if other.participant_id != place.participant_id and other.ended is None
    ]
    return [pending for pending in waiting if pending is not None]


def pay_visit(ctx: Context, participant_id: int, number: int) -> None:
    """Record what a participant gets for a visit after the first, once: its pay, and what they earned."""
    participant, place = place_of(ctx, participant_id)
    visit = session_of(ctx).find_visit(participant_id, number)
    if place is None or visit is None or visit.status not in PAID_VISITS:
        return
    kind = visit_kind(number)
    if ctx.uow.payment(participant_id, kind) is not None:
        return
    pay = promised_pay(ctx, visit)
    ctx.seed(participant, "session_bonus", number)
    player = Player(study_of(ctx), place)
    bonus = checked_bonus(ctx, study_of(ctx).session_bonus(player, visit.session))
    budget.reserve_sessions(ctx, participant, participant.status)
    payment = record_debt(ctx, participant, kind, pay + bonus, f"session {visit.session}")
    if payment is not None:
        payment.details = {**payment.details, "pay": str(pay), "bonus": str(bonus)}
