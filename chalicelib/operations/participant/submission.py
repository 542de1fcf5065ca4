"""Processes submissions: records base pay, runs the experiment's checks, and recruits.

Base pay is recorded in a commit of its own, so a hook of the experiment that raises afterwards doesn't
withhold it. The bonus and the status depend on the hooks that check (`data_check`, `bonus`,
`attention_check`), and wait for them. Hooks that only receive an event (`participant_task_completed`,
`recruit`, `submission_successful`, `data_check_failed`, `attention_check_failed`) are called by messages of
their own: payment doesn't wait for them, and one that keeps failing becomes a dead letter, of which the
operator is notified.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

from chalicelib.errors import ExperimentError
from chalicelib.experiment.experiment import Experiment
from chalicelib.messages import FollowUp, GrantQualifications, RecordTaskCompletion, ReviewSubmission
from chalicelib.model.participant import Participant
from chalicelib.model.run_records import BASE, BONUS, SCREEN_OUT, Payment
from chalicelib.model.statuses import (
    DISMISSED_WITH_PAY,
    LOST,
    PARTICIPANT_TRANSITIONS,
    ParticipantStatus,
    require_reachable,
)
from chalicelib.operations.payment.ledger import (
    CENT,
    record_base_pay,
    record_debt,
    setting_in_cents,
    to_cents,
)
from chalicelib.operations.realtime.waiting_rooms import leave_lobby
from chalicelib.operations.recruitment import budget, listings
from chalicelib.operations.recruitment.recruitment import record_reopened_place
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import notify_operator
from chalicelib.operations.shared.study_check import as_study

#: The detail that marks a participant who was dismissed early and returned the assignment.
ASSIGNMENT_RETURNED = "gave_assignment_back"
#: Statuses of a lost participant, who is owed nothing automatically, and the detail that marks a late end.
LATE_COMPLETION_NOTIFIED = "finished_late"

#: Why a participant left early who withdrew.
WITHDRAWN = "withdrawn"
TASK_COMPLETED, RECRUIT = "participant_task_completed", "recruit"
#: Hooks after which another participant is always recruited.
REPLACED_AFTER = ("data_check_failed", "attention_check_failed")


def process_submission(ctx: Context, participant_id: int) -> None:
    """Take a submission, once: record base pay, and order the experiment's review."""
    participant = ctx.uow.participant(participant_id)
    if participant.status in DISMISSED_WITH_PAY:
        _settle_dismissed(ctx, participant)
        return
    if participant.status != ParticipantStatus.WORKING:
        notify_late_completion(ctx, participant)
        return
    if participant.end_time is None:
        # The page never reported the end, which would have posted this.
        post_task_completed(ctx, participant)
        participant.end_time = ctx.now
    _set_status(ctx, participant, ParticipantStatus.SUBMITTED)
    record_base_pay(ctx, participant)
    ctx.uow.post(ReviewSubmission(participant.id))


def notify_late_completion(ctx: Context, participant: Participant) -> None:
    """Notify the operator, once, that a participant who was recorded as lost has finished."""
    if participant.status not in LOST or participant.details.get(LATE_COMPLETION_NOTIFIED):
        return
    participant.details = {**participant.details, LATE_COMPLETION_NOTIFIED: True}
    notify_operator(
        ctx,
        f"Participant {participant.id} has finished, but the assignment is {participant.status}; nothing is "
        "paid for that automatically. If you owe them pay, run: petri compensate",
    )


def _settle_dismissed(ctx: Context, participant: Participant) -> None:
    """Record the pay of a participant who was dismissed early and submitted the assignment; idempotent."""
    if participant.end_time is None:
        participant.end_time = ctx.now
    if is_settled(ctx, participant):
        return
    if participant.status != ParticipantStatus.SCREENED_OUT:
        owed = record_base_pay(ctx, participant)
    elif ctx.recruiters.capabilities(participant.recruiter).pays_any_submission:
        owed = _owe_reward_instead(ctx, participant)
    else:
        owed = _owe_fee(ctx, participant)
    if owed is not None:
        budget.record_dismissal_paid(ctx)


def _owe_fee(ctx: Context, participant: Participant) -> Payment | None:
    fee = setting_in_cents(ctx, "screen_out_payment")
    return record_debt(ctx, participant, SCREEN_OUT, fee, "screened out")


def _owe_reward_instead(ctx: Context, participant: Participant) -> Payment | None:
    """Owe base pay in place of the fee: the recruiter pays for any submission that isn't rejected.

    Where the fee is larger, the difference is owed too.
    """
    base = record_base_pay(ctx, participant)
    rest = setting_in_cents(ctx, "screen_out_payment") - setting_in_cents(ctx, "base_payment")
    difference = record_debt(ctx, participant, SCREEN_OUT, rest, "screened out: the fee beyond base pay")
    _follow_up(ctx, participant, RECRUIT)
    return base or difference


def is_settled(ctx: Context, participant: Participant) -> bool:
    """Whether a participant who was dismissed early has returned the assignment or been paid."""
    if participant.details.get(ASSIGNMENT_RETURNED) or ctx.uow.payment(participant.id, BASE) is not None:
        return True
    return (
        participant.status == ParticipantStatus.SCREENED_OUT
        and ctx.uow.payment(participant.id, SCREEN_OUT) is not None
    )


def settle_without_assignment(ctx: Context, participant: Participant, *, is_reopened: bool = True) -> None:
    """Settle with a participant who was dismissed early and returned the assignment; idempotent.

    The screen-out fee is owed and needs no assignment. Base pay can't be sent with a returned assignment: the
    operator is notified. `is_reopened`: whether the recruiter itself offers the place to another worker.
    """
    if is_settled(ctx, participant):
        return
    participant.details = {**participant.details, ASSIGNMENT_RETURNED: True}
    participant.end_time = participant.end_time or ctx.now
    if is_reopened and _recruiter_reopens_place(ctx, participant):
        record_reopened_place(ctx)
    elif ctx.recruiters.capabilities(participant.recruiter).pays_any_submission:
        _follow_up(ctx, participant, RECRUIT)
    if participant.status == ParticipantStatus.SCREENED_OUT:
        owed = _owe_fee(ctx, participant)
        if owed is not None:
            budget.record_dismissal_paid(ctx)
    else:
        notify_operator(
            ctx,
            f"Participant {participant.id} is {participant.status} and is owed pay, but never submitted "
            "the assignment. Pay them with: petri compensate",
        )


def review_submission(ctx: Context, participant_id: int) -> None:
    """Call the experiment's review of a submission, once."""
    participant = ctx.uow.participant(participant_id)
    if participant.status != ParticipantStatus.SUBMITTED:
        return
    ctx.uow.declare_scope(*participant.node_ids)
    ctx.seed(participant, "judge_participant", 0)
    if participant.early_exit_reason is not None:
        if as_study(ctx.experiment) is not None and participant.early_exit_reason != WITHDRAWN:
            # Their part was ended for them: they keep the points that they have earned.
            _record_bonus(ctx, participant)
        _set_status(ctx, participant, ParticipantStatus.APPROVED)
        _follow_up(ctx, participant, RECRUIT)
        return
    ctx.experiment.review_submission = partial(_review, ctx)
    ctx.experiment.on_recruiter_submission_complete(participant, _submission(participant))
    # An override may have set another status itself.
    require_reachable(PARTICIPANT_TRANSITIONS, ParticipantStatus.SUBMITTED, participant.status)
    _status_changed(ctx, participant)


def approve_submission(ctx: Context, participant: Participant) -> None:
    """Approve a submission in place of the experiment's checks, and carry on as after these."""
    _set_status(ctx, participant, ParticipantStatus.APPROVED)
    _enqueue_qualifications(ctx, participant)
    _follow_up(ctx, participant, "submission_successful")


def reject_submission(ctx: Context, participant: Participant) -> None:
    """Reject a submission in place of the experiment's checks; the participant is replaced."""
    _set_status(ctx, participant, ParticipantStatus.REJECTED)
    _follow_up(ctx, participant, "data_check_failed")


def has_own(experiment_class: type[Experiment], hook: str) -> bool:
    """Whether an experiment overrides a hook; if not, its message would have no effect."""
    return getattr(experiment_class, hook) is not getattr(Experiment, hook)


def post_task_completed(ctx: Context, participant: Participant) -> None:
    """Post the call of `participant_task_completed`, if the experiment overrides it."""
    if has_own(type(ctx.experiment), TASK_COMPLETED):
        ctx.uow.post(RecordTaskCompletion(participant.id))


def record_task_completion(ctx: Context, participant_id: int) -> None:
    """Call `participant_task_completed`, once.

    It has a message of its own, so that a failing hook doesn't keep a participant from finishing. If that
    message is late, the review calls it first.
    """
    participant = ctx.uow.participant(participant_id)
    if participant.task_completed or participant.early_exit_reason is not None:
        return
    participant.task_completed = True
    ctx.uow.declare_scope(*participant.node_ids)
    ctx.seed(participant, TASK_COMPLETED, 0)
    ctx.experiment.participant_task_completed(participant)


def _follow_up(ctx: Context, participant: Participant, hook: str) -> None:
    """Call a hook with a decision, by a message of its own where it can fail.

    It can fail where the experiment overrides it, and where it fails nodes, which may be very many.
    """
    if hook in REPLACED_AFTER or any(has_own(type(ctx.experiment), name) for name in (hook, RECRUIT)):
        ctx.uow.post(FollowUp(participant.id, hook))
    else:
        # The hook itself does nothing by default.
        ctx.experiment.recruit()


def follow_up(ctx: Context, participant_id: int, hook: str) -> None:
    """Call a hook of the experiment with the decision about a participant, and recruit."""
    participant = ctx.uow.participant(participant_id)
    ctx.uow.declare_scope(*participant.node_ids)
    ctx.seed(participant, f"follow_up|{hook}", 0)
    _call(ctx, participant, hook)


def _call(ctx: Context, participant: Participant, hook: str) -> None:
    if hook != RECRUIT:
        getattr(ctx.experiment, hook)(participant)
    if hook in REPLACED_AFTER:
        ctx.experiment.recruiter.recruit(n=1)
    else:
        ctx.experiment.recruit()


def _submission(participant: Participant) -> dict[str, Any]:
    return {
        "event_type": "AssignmentSubmitted",
        "participant_id": participant.id,
        "assignment_id": participant.assignment_id,
        "timestamp": participant.end_time,
    }


def _review(ctx: Context, participant: Participant) -> None:
    """Run the data check, record the bonus, run the attention check, approve, recruit."""
    if not ctx.experiment.data_check(participant):
        _set_status(ctx, participant, ParticipantStatus.BAD_DATA)
        _follow_up(ctx, participant, "data_check_failed")
    else:
        _pay_bonus_and_check_attention(ctx, participant)


def _pay_bonus_and_check_attention(ctx: Context, participant: Participant) -> None:
    _record_bonus(ctx, participant)
    if not ctx.experiment.attention_check(participant):
        _set_status(ctx, participant, ParticipantStatus.DID_NOT_ATTEND)
        _follow_up(ctx, participant, "attention_check_failed")
    else:
        _set_status(ctx, participant, ParticipantStatus.APPROVED)
        _enqueue_qualifications(ctx, participant)
        _follow_up(ctx, participant, "submission_successful")


def _record_bonus(ctx: Context, participant: Participant) -> None:
    bonus = checked_bonus(ctx, ctx.experiment.bonus(participant))
    participant.bonus = bonus
    # The bonus takes nothing that later sessions may cost.
    budget.reserve_sessions(ctx, participant, ParticipantStatus.APPROVED)
    if bonus >= CENT:
        record_debt(ctx, participant, BONUS, bonus, str(ctx.experiment.bonus_reason() or ""))


def checked_bonus(ctx: Context, returned: Any) -> Decimal:
    """Return what a hook wants to pay, in cents; ExperimentError above `max_bonus`."""
    bonus = to_cents(returned or 0, "bonus()")
    most = ctx.settings.max_bonus
    if most is not None and bonus > setting_in_cents(ctx, "max_bonus"):
        raise ExperimentError(
            f"bonus() returned {ctx.money(bonus)}, which is above max_bonus ({ctx.money(most)}). No "
            "bonus was paid: fix bonus() or raise max_bonus, then run: petri dead-letters replay"
        )
    return bonus


def _enqueue_qualifications(ctx: Context, participant: Participant) -> None:
    if ctx.settings.assign_qualifications:
        ctx.uow.post(GrantQualifications(participant.id))


def qualifications_of(ctx: Context, participant_id: int) -> tuple[str, str, list[str]]:
    """Return the recruiter, the worker and the names of the qualifications to grant."""
    participant = ctx.uow.participant(participant_id)
    groups = [name.strip() for name in (ctx.settings.group_name or "").split(",")]
    return participant.recruiter, participant.worker_id, [ctx.app_id, *(name for name in groups if name)]


def _set_status(ctx: Context, participant: Participant, status: ParticipantStatus) -> None:
    participant.change_status(status)
    _status_changed(ctx, participant)


def _status_changed(ctx: Context, participant: Participant) -> None:
    ctx.uow.update_status_index(participant)
    budget.reserve_sessions(ctx, participant, participant.status)
    if not participant.node_ids:
        leave_lobby(ctx, participant.id)


def can_submit_for(ctx: Context, participant: Participant) -> bool:
    """Whether Petri can submit for a participant who is owed pay but never returned to the recruiter."""
    has_finished = participant.status == ParticipantStatus.WORKING and participant.end_time is not None
    is_submitted_for = ctx.recruiters.capabilities(participant.recruiter).can_submit_on_behalf
    return is_submitted_for and (has_finished or participant.status == ParticipantStatus.OVERRECRUITED)


def submit_on_behalf_of(ctx: Context, participant: Participant, *, is_reopened: bool) -> None:
    """Process the submission of a participant who never returned; `is_reopened`: their place is open."""
    if is_reopened and _recruiter_reopens_place(ctx, participant) and not is_settled(ctx, participant):
        record_reopened_place(ctx)
    process_submission(ctx, participant.id)


def record_loss(ctx: Context, participant_id: int, status: ParticipantStatus) -> None:
    """Handle the report that a participant returned or abandoned the assignment, gave up, or was rejected."""
    participant = ctx.uow.participant(participant_id)
    if status == ParticipantStatus.ABANDONED and can_submit_for(ctx, participant):
        submit_on_behalf_of(ctx, participant, is_reopened=True)
        return
    if participant.status in DISMISSED_WITH_PAY:
        settle_without_assignment(ctx, participant)
    if participant.status != ParticipantStatus.WORKING:
        return
    ctx.seed(participant, f"lose_participant|{status}", 0)
    has_finished = participant.end_time is not None
    participant.end_time = participant.end_time or ctx.now
    _set_status(ctx, participant, status)
    if status == ParticipantStatus.ABANDONED:
        ctx.experiment.assignment_abandoned(participant)
    elif status == ParticipantStatus.REPLACED:
        ctx.experiment.assignment_reassigned(participant)
    else:
        ctx.experiment.assignment_returned(participant)
    _replace_participant(ctx, participant)
    notify_if_pay_promised(ctx, participant)
    is_lost = status in (ParticipantStatus.ABANDONED, ParticipantStatus.MISSING_NOTIFICATION)
    if has_finished and participant.early_exit_reason is None and is_lost:
        notify_late_completion(ctx, participant)


def notify_if_pay_promised(ctx: Context, participant: Participant) -> None:
    """Notify the operator of a participant who was released with pay and then lost the assignment."""
    if participant.early_exit_reason is not None:
        notify_operator(
            ctx,
            f"Participant {participant.id} was to be paid ({participant.early_exit_reason}), but the "
            f"assignment is {participant.status}: base pay can't be sent with it. Pay them with: petri "
            "compensate",
        )


def _replace_participant(ctx: Context, participant: Participant) -> None:
    """Recruit a replacement, unless another worker has the place or the recruiter reopens it itself."""
    if participant.status == ParticipantStatus.REPLACED:
        return
    if participant.status in (
        ParticipantStatus.RETURNED,
        ParticipantStatus.ABANDONED,
    ) and _recruiter_reopens_place(ctx, participant):
        record_reopened_place(ctx)
    else:
        _follow_up(ctx, participant, RECRUIT)


def _recruiter_reopens_place(ctx: Context, participant: Participant) -> bool:
    """Whether the recruiter reopens a returned place itself, as recruiters that report submissions do.

    It doesn't when recruitment is closed, or the HIT has ended.
    """
    has_ended = ctx.uow.state.get("closed") or listings.has_ended(ctx, participant.hit_id)
    return not has_ended and not ctx.recruiters.capabilities(participant.recruiter).auto_submits
