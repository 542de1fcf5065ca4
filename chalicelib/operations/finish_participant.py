"""The worker's part: a submission is checked, paid for, and followed by recruiting."""

from __future__ import annotations

from chalicelib.model.participant import WORKING, Participant

from .money import BONUS, CENT, in_cents, owe, owe_base
from .unit import Unit


def finish_participant(unit: Unit, participant_id: int) -> None:
    """Handle a submission, once: base pay, data check, bonus, attention check, approval, recruiting."""
    participant = unit.work.participant(participant_id)
    if participant.status == "overrecruited":
        owe_base(unit, participant)
        return
    if participant.status != WORKING:
        return
    unit.seed(participant, "finish_participant", 0)
    unit.work.owns(*participant.node_ids)
    if participant.end_time is None:
        participant.end_time = unit.now
    participant.status = "submitted"
    owe_base(unit, participant)
    if participant.released is not None:
        _set_status(unit, participant, "approved")
        unit.experiment.recruit()
    elif not unit.experiment.data_check(participant):
        _set_status(unit, participant, "bad_data")
        unit.experiment.data_check_failed(participant)
        unit.experiment.recruiter.recruit(n=1)
    else:
        _pay_bonus_and_judge(unit, participant)


def _pay_bonus_and_judge(unit: Unit, participant: Participant) -> None:
    experiment = unit.experiment
    bonus = in_cents(experiment.bonus(participant) or 0, "bonus()")
    participant.bonus = bonus
    if bonus >= CENT:
        owe(unit, participant, BONUS, bonus, experiment.bonus_reason())
    if not experiment.attention_check(participant):
        _set_status(unit, participant, "did_not_attend")
        experiment.attention_check_failed(participant)
        experiment.recruiter.recruit(n=1)
    else:
        _set_status(unit, participant, "approved")
        experiment.submission_successful(participant)
        experiment.recruit()


def _set_status(unit: Unit, participant: Participant, status: str) -> None:
    participant.status = status
    unit.work.list_participant(participant)


def lose_participant(unit: Unit, participant_id: int, status: str) -> None:
    """Handle the report that somebody returned or abandoned the assignment, or gave up."""
    participant = unit.work.participant(participant_id)
    if participant.status != WORKING:
        return
    unit.seed(participant, f"lose_participant|{status}", 0)
    participant.end_time = participant.end_time or unit.now
    _set_status(unit, participant, status)
    if status == "abandoned":
        unit.experiment.assignment_abandoned(participant)
    else:
        unit.experiment.assignment_returned(participant)
    unit.experiment.recruit()
