"""Tells what the later sessions of a study may pay: for a new place, and to a participant."""

from __future__ import annotations

from decimal import Decimal

from chalicelib.model.participant import Participant
from chalicelib.model.statuses import EXPECTED_VISITS
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study


def pay_of_sessions(ctx: Context) -> list[Decimal]:
    """Return the pay of each later session of the experiment, in dollars."""
    study = as_study(ctx.experiment)
    return [] if study is None else [session.dollars for _, session in study.plan().sessions]


def pay_to_come(ctx: Context, participant: Participant) -> list[Decimal]:
    """Return the pay of each session that a participant is in, or that may follow for them."""
    study = as_study(ctx.experiment)
    place = None if study is None else study.session.find_place(participant.id)
    if study is None or place is None or place.ended is not None:
        return []
    visit = study.session.find_visit(participant.id, place.visit)
    if visit is None or visit.status not in EXPECTED_VISITS:
        return []
    following = study.plan().sessions_after(visit.path)
    return [Decimal(visit.pay), *(session.dollars for session in following)]
