"""The worker's part: a submission is paid for, then judged, and followed by recruiting.

Base pay is owed in a commit of its own, so a hook of the experiment that raises afterwards doesn't withhold
it. The bonus and the status are decided by the hooks that judge (`data_check`, `bonus`, `attention_check`),
and wait for them. Hooks that are only told of what happened (`participant_task_completed`, `recruit`,
`submission_successful`, `data_check_failed`, `attention_check_failed`) are called by messages of their own:
payment doesn't wait for them, and when one keeps failing, the operator is told by its dead letter.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

from chalicelib.experiment.experiment import Experiment
from chalicelib.messages import FollowUp, GrantQualifications, RecordTaskCompletion, ReviewSubmission
from chalicelib.model.errors import ExperimentError
from chalicelib.model.participant import WORKING, Participant
from chalicelib.model.reports import Payment

from . import budget, offers
from .money import BASE, BONUS, CENT, SCREEN_OUT, in_cents, owe, owe_base
from .recruitment import note_reopened
from .rooms import leave_lobby
from .standing import SENT_OFF
from .unit import Unit

#: Where on the record of somebody sent away early it stands that they gave the assignment back.
GIVEN_BACK = "gave_assignment_back"
#: For whom it is over with nothing owed by itself, and where it stands that they finished all the same.
GIVEN_UP = ("returned", "abandoned", "rejected", "missing_notification")
FINISHED_LATE = "finished_late"

TASK_COMPLETED, RECRUIT = "participant_task_completed", "recruit"
#: Hooks after which another participant is asked for in any case.
REPLACED_AFTER = ("data_check_failed", "attention_check_failed")


def finish_participant(unit: Unit, participant_id: int) -> None:
    """Take a submission, once: base pay is owed, and the experiment is asked for its judgement."""
    participant = unit.work.participant(participant_id)
    if participant.status in SENT_OFF:
        _pay_off(unit, participant)
        return
    if participant.status != WORKING:
        tell_of_late_end(unit, participant)
        return
    if participant.end_time is None:
        # The page never reported the end, which would have posted this.
        post_task_completed(unit, participant)
        participant.end_time = unit.now
    _set_status(unit, participant, "submitted")
    owe_base(unit, participant)
    unit.work.post(ReviewSubmission(participant.id))


def tell_of_late_end(unit: Unit, participant: Participant) -> None:
    """Tell the operator, once, that somebody who had been given up has finished all the same."""
    if participant.status not in GIVEN_UP or participant.details.get(FINISHED_LATE):
        return
    participant.details = {**participant.details, FINISHED_LATE: True}
    budget.tell(
        unit,
        f"Participant {participant.id} has finished, but the assignment is {participant.status}; nothing is "
        "paid for that by itself. If they are owed something, pay them with: petri compensate",
    )


def _pay_off(unit: Unit, participant: Participant) -> None:
    """Have somebody paid who was sent away early and handed the assignment in; again: nothing."""
    if participant.end_time is None:
        participant.end_time = unit.now
    if is_paid_off(unit, participant):
        return
    if participant.status != "screened_out":
        owed = owe_base(unit, participant)
    elif unit.recruiters.pays_any_submission(participant.recruiter):
        owed = _owe_reward_instead(unit, participant)
    else:
        owed = _owe_fee(unit, participant)
    if owed is not None:
        budget.note_sent_off(unit)


def _owe_fee(unit: Unit, participant: Participant) -> Payment | None:
    return owe(unit, participant, SCREEN_OUT, _fee(unit), "screened out")


def _fee(unit: Unit) -> Decimal:
    return in_cents(unit.config.get("screen_out_payment") or 0, "screen_out_payment")


def _owe_reward_instead(unit: Unit, participant: Participant) -> Payment | None:
    """Owe base pay in place of the fee: the recruiter pays whatever is handed in, unless it is rejected.

    Only where the fee is larger, the rest of it is owed beside.
    """
    base = owe_base(unit, participant)
    rest = _fee(unit) - (participant.base_pay or 0)
    beside = owe(unit, participant, SCREEN_OUT, rest, "screened out: the fee beyond base pay")
    _follow_up(unit, participant, RECRUIT)
    return base or beside


def is_paid_off(unit: Unit, participant: Participant) -> bool:
    """Whether nothing more is to come for somebody who was sent away early."""
    if participant.details.get(GIVEN_BACK) or unit.work.payment(participant.id, BASE) is not None:
        return True
    return participant.status == "screened_out" and unit.work.payment(participant.id, SCREEN_OUT) is not None


def pay_without_assignment(unit: Unit, participant: Participant, *, is_offered_anew: bool = True) -> None:
    """Settle with somebody who was sent away early and gave the assignment back; again: nothing.

    The fee for being screened out is owed and needs no assignment. Base pay can't go with one that was
    given back: the operator is told. `is_offered_anew`: to somebody else, by the recruiter itself.
    """
    if is_paid_off(unit, participant):
        return
    participant.details = {**participant.details, GIVEN_BACK: True}
    participant.end_time = participant.end_time or unit.now
    if is_offered_anew and _keeps_places(unit, participant):
        note_reopened(unit)
    elif unit.recruiters.pays_any_submission(participant.recruiter):
        _follow_up(unit, participant, RECRUIT)
    if participant.status == "screened_out":
        owed = _owe_fee(unit, participant)
        if owed is not None:
            budget.note_sent_off(unit)
    else:
        budget.tell(
            unit,
            f"Participant {participant.id} is {participant.status} and is owed pay, but never handed the "
            "assignment in. Pay them with: petri compensate",
        )


def judge_participant(unit: Unit, participant_id: int) -> None:
    """Hand a submission to the experiment's hooks, once."""
    participant = unit.work.participant(participant_id)
    if participant.status != "submitted":
        return
    unit.work.owns(*participant.node_ids)
    if participant.released is not None:
        unit.seed(participant, "judge_participant", 0)
        _set_status(unit, participant, "approved")
        _follow_up(unit, participant, RECRUIT)
        return
    unit.seed(participant, "judge_participant", 0)
    unit.experiment.review_submission = partial(_review, unit)
    unit.experiment.on_recruiter_submission_complete(participant, _submission(participant))
    # An override may have set another status itself.
    _set_status(unit, participant, participant.status)


def has_own(experiment_class: type[Experiment], hook: str) -> bool:
    """Whether an experiment overrides a hook; without one, a message would be sent for nothing."""
    return getattr(experiment_class, hook) is not getattr(Experiment, hook)


def post_task_completed(unit: Unit, participant: Participant) -> None:
    """Have the experiment told that a participant has finished the task, where it has a hook for that."""
    if has_own(type(unit.experiment), TASK_COMPLETED):
        unit.work.post(RecordTaskCompletion(participant.id))


def note_task_completed(unit: Unit, participant_id: int) -> None:
    """Let the experiment know, once, that a participant has finished the task.

    A message of its own does this, so that a hook that fails keeps no participant from finishing. Before the
    review it is tried too, where that message is late.
    """
    participant = unit.work.participant(participant_id)
    if participant.task_completed or participant.released is not None:
        return
    participant.task_completed = True
    unit.work.owns(*participant.node_ids)
    unit.seed(participant, TASK_COMPLETED, 0)
    unit.experiment.participant_task_completed(participant)


def _follow_up(unit: Unit, participant: Participant, hook: str) -> None:
    """Have a hook told of what was decided, by a message of its own where it can fail.

    That is where the experiment overrides it, and where nodes are failed: there may be very many.
    """
    if hook in REPLACED_AFTER or any(has_own(type(unit.experiment), name) for name in (hook, RECRUIT)):
        unit.work.post(FollowUp(participant.id, hook))
    else:
        _call(unit, participant, hook)


def follow_up(unit: Unit, participant_id: int, hook: str) -> None:
    """Tell a hook of the experiment what was decided about a participant, and recruit."""
    participant = unit.work.participant(participant_id)
    unit.work.owns(*participant.node_ids)
    unit.seed(participant, f"follow_up|{hook}", 0)
    _call(unit, participant, hook)


def _call(unit: Unit, participant: Participant, hook: str) -> None:
    if hook != RECRUIT:
        getattr(unit.experiment, hook)(participant)
    if hook in REPLACED_AFTER:
        unit.experiment.recruiter.recruit(n=1)
    else:
        unit.experiment.recruit()


def _submission(participant: Participant) -> dict[str, Any]:
    return {
        "event_type": "AssignmentSubmitted",
        "participant_id": participant.id,
        "assignment_id": participant.assignment_id,
        "timestamp": participant.end_time,
    }


def _review(unit: Unit, participant: Participant) -> None:
    """Check the data, pay the bonus, check the attention, approve, recruit."""
    if not unit.experiment.data_check(participant):
        _set_status(unit, participant, "bad_data")
        _follow_up(unit, participant, "data_check_failed")
    else:
        _pay_bonus_and_judge(unit, participant)


def _pay_bonus_and_judge(unit: Unit, participant: Participant) -> None:
    experiment = unit.experiment
    bonus = _checked_bonus(unit, experiment.bonus(participant))
    participant.bonus = bonus
    if bonus >= CENT:
        owe(unit, participant, BONUS, bonus, str(experiment.bonus_reason() or ""))
    if not experiment.attention_check(participant):
        _set_status(unit, participant, "did_not_attend")
        _follow_up(unit, participant, "attention_check_failed")
    else:
        _set_status(unit, participant, "approved")
        _mark_as_having_taken_part(unit, participant)
        _follow_up(unit, participant, "submission_successful")


def _checked_bonus(unit: Unit, asked: Any) -> Decimal:
    bonus = in_cents(asked or 0, "bonus()")
    most = unit.config.get("max_bonus")
    if most is not None and bonus > in_cents(most, "max_bonus"):
        raise ExperimentError(
            f"bonus() returned {unit.money(bonus)}, which is above max_bonus ({unit.money(most)}). No "
            "bonus was paid: fix bonus() or raise max_bonus, then have it asked "
            "again with petri dead-letters replay."
        )
    return bonus


def _mark_as_having_taken_part(unit: Unit, participant: Participant) -> None:
    if unit.config.get("assign_qualifications"):
        unit.work.post(GrantQualifications(participant.id))


def qualifications_of(unit: Unit, participant_id: int) -> tuple[str, str, list[str]]:
    """Return recruiter, worker and the names under which having taken part is marked."""
    participant = unit.work.participant(participant_id)
    groups = [name.strip() for name in str(unit.config.get("group_name") or "").split(",")]
    return participant.recruiter, participant.worker_id, [unit.app_id, *(name for name in groups if name)]


def _set_status(unit: Unit, participant: Participant, status: str) -> None:
    participant.status = status
    unit.work.list_participant(participant)
    if not participant.node_ids:
        leave_lobby(unit, participant.id)


def can_be_handed_in(unit: Unit, participant: Participant) -> bool:
    """Whether somebody who is owed pay, and never went back to the recruiter, can be handed in for."""
    has_finished = participant.status == WORKING and participant.end_time is not None
    return (has_finished or participant.status == "overrecruited") and unit.recruiters.hands_in_itself(
        participant.recruiter
    )


def hand_in_for(unit: Unit, participant: Participant, *, is_offered_anew: bool) -> None:
    """Take somebody's submission, though they never went back; `is_offered_anew`: their place, to another."""
    if is_offered_anew and _keeps_places(unit, participant) and not is_paid_off(unit, participant):
        note_reopened(unit)
    finish_participant(unit, participant.id)


def lose_participant(unit: Unit, participant_id: int, status: str) -> None:
    """Handle the report that somebody returned or abandoned the assignment, gave up, or was rejected."""
    participant = unit.work.participant(participant_id)
    if status == "abandoned" and can_be_handed_in(unit, participant):
        hand_in_for(unit, participant, is_offered_anew=True)
        return
    if participant.status in SENT_OFF:
        pay_without_assignment(unit, participant)
    if participant.status != WORKING:
        return
    unit.seed(participant, f"lose_participant|{status}", 0)
    has_finished = participant.end_time is not None
    participant.end_time = participant.end_time or unit.now
    _set_status(unit, participant, status)
    if status == "abandoned":
        unit.experiment.assignment_abandoned(participant)
    elif status == "replaced":
        unit.experiment.assignment_reassigned(participant)
    else:
        unit.experiment.assignment_returned(participant)
    _fill_the_place(unit, participant)
    tell_if_pay_was_promised(unit, participant)
    if has_finished and participant.released is None and status in ("abandoned", "missing_notification"):
        tell_of_late_end(unit, participant)


def tell_if_pay_was_promised(unit: Unit, participant: Participant) -> None:
    """Tell the operator of somebody who was let go with pay and then lost the assignment."""
    if participant.released is not None:
        budget.tell(
            unit,
            f"Participant {participant.id} was to be paid ({participant.released}), but the assignment is "
            f"{participant.status}: base pay can't go with it. Pay them with: petri compensate",
        )


def _fill_the_place(unit: Unit, participant: Participant) -> None:
    """Ask for somebody else, where nobody has the place already or gets it from the recruiter by itself."""
    if participant.status == "replaced":
        return
    if participant.status in ("returned", "abandoned") and _keeps_places(unit, participant):
        note_reopened(unit)
    else:
        unit.experiment.recruit()


def _keeps_places(unit: Unit, participant: Participant) -> bool:
    """Whether the recruiter offers a place that was given back anew: those that report submissions do.

    Not when recruitment is closed, or the HIT has ended.
    """
    has_ended = unit.work.state.get("closed") or offers.has_ended(unit, participant.hit_id)
    return not has_ended and not unit.recruiters.submits_itself(participant.recruiter)
