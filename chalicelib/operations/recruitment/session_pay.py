"""Tells what the later sessions of a study may pay: for a new place, and to a participant."""

from __future__ import annotations

from decimal import Decimal

from chalicelib.model.participant import Participant
from chalicelib.operations.shared.context import Context
from chalicelib.study.study import Study
from chalicelib.study.study_records import EXPECTED_VISITS


def pay_of_sessions(ctx: Context) -> list[Decimal]:
    """Return the pay of each later session of the experiment, in dollars."""
    study = ctx.experiment
    return [session.dollars for _, session in study.plan().sessions] if isinstance(study, Study) else []


def pay_to_come(ctx: Context, participant: Participant) -> list[Decimal]:
    """Return the pay of each session that a participant is in, or that may follow for them."""
    study = ctx.experiment
    place = study.session.find_place(participant.id) if isinstance(study, Study) else None
    if not isinstance(study, Study) or place is None or place.ended is not None:
        return []
    visit = study.session.find_visit(participant.id, place.visit)
    if visit is None or visit.status not in EXPECTED_VISITS:
        return []
    following = study.plan().sessions_after(visit.path)
    return [Decimal(visit.pay), *(session.dollars for session in following)]
