"""What people decide about one participant: approve, reject, fail, release, give extra time, erase."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from chalicelib.errors import InvalidState, NotFound
from chalicelib.model.participant import Participant
from chalicelib.model.run_records import BASE
from chalicelib.model.statuses import PAYMENT_IN_PROGRESS, ParticipantStatus, PaymentStatus
from chalicelib.operations.participant.completion import release_participant
from chalicelib.operations.participant.deadlines import deadline, give_extra_time
from chalicelib.operations.participant.submission import approve_submission, reject_submission
from chalicelib.operations.payment.ledger import record_transition
from chalicelib.operations.shared.access import actor_of, read_canonical_id
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study

from .erase_participant import erase_participant
from .run_progress import is_waiting

PERSONAL: Final = {"personal": True}
#: The most extra time that a participant can have in all: the recruiter's own limits don't grow with it.
MAX_EXTRA_MINUTES: Final = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class ParticipantDetail:
    """One participant."""

    id: int
    status: ParticipantStatus
    is_working: bool
    arrived: datetime
    ended: datetime | None
    deadline: datetime = field(metadata={"help": "When the participant's time is up."})
    extra_minutes: int
    early_exit_reason: str | None = field(metadata={"help": "Why the participant left early, with pay."})
    base_pay: Decimal | None = field(metadata={"any_decimal": True})
    bonus: Decimal | None = field(metadata={"any_decimal": True})
    is_failed: bool
    failed_reason: str | None
    recruiter: str
    node_ids: list[int]
    worker_id: str | None = field(metadata=PERSONAL)
    assignment_id: str | None = field(metadata=PERSONAL)


def participant_named(ctx: Context, text: str) -> Participant:
    """Return a participant by their id as text; NotFound for any other text."""
    number = read_canonical_id(text, "participant")
    if number is None:
        raise NotFound(f"There is no participant {text[:40]!r}.", code="participant_not_found")
    participant = ctx.uow.participant(number)
    ctx.uow.declare_scope(*participant.node_ids)
    return participant


def read_participant(ctx: Context, participant_id: str) -> ParticipantDetail:
    """Return a participant; NotFound for an unknown id."""
    return _detail(ctx, participant_named(ctx, participant_id))


def approve_participant(ctx: Context, participant_id: str) -> ParticipantDetail:
    """Approve a submission that no check has decided yet; base pay is owed in any case."""
    participant = participant_named(ctx, participant_id)
    _require_submitted(participant)
    approve_submission(ctx, participant)
    return _detail(ctx, participant)


def reject_participant(ctx: Context, participant_id: str, reason: str) -> ParticipantDetail:
    """Reject a submission: its base pay is held, and the participant is replaced.

    InvalidState if the payment is being sent or has been made, since it can't be taken back.
    """
    participant = participant_named(ctx, participant_id)
    _require_submitted(participant)
    payment = ctx.uow.payment(participant.id, BASE)
    if payment is not None and payment.status not in (PaymentStatus.DUE, PaymentStatus.HELD):
        raise InvalidState(
            f"Participant {participant.id} can't be rejected any more: base pay is {payment.status}. "
            "To keep the data out of analyses, fail the participant instead."
        )
    if payment is not None and payment.status in PAYMENT_IN_PROGRESS:
        record_transition(ctx, payment, PaymentStatus.HELD, f"rejected: {reason}", actor_name(ctx))
    participant.details = {**participant.details, "rejected_because": reason}
    reject_submission(ctx, participant)
    return _detail(ctx, participant)


def fail_participant_by_hand(ctx: Context, participant_id: str, reason: str) -> ParticipantDetail:
    """Mark a participant's record, nodes and answers as failed; pay and status stay as they are."""
    participant = participant_named(ctx, participant_id)
    if participant.failed:
        raise InvalidState(f"Participant {participant.id} has failed already.")
    ctx.seed(participant, "fail_by_hand", 0)
    participant.fail(reason)
    return _detail(ctx, participant)


def release_with_pay(
    ctx: Context, participant_id: str, *, only_if_waiting: bool = False
) -> ParticipantDetail:
    """End the part of a working participant now, with base pay; InvalidState for any other.

    `only_if_waiting`: refuse a participant who doesn't wait for others, or not any more.
    """
    participant = participant_named(ctx, participant_id)
    if not participant.is_working:
        raise InvalidState(f"Participant {participant.id} isn't taking part any more ({participant.status}).")
    if only_if_waiting and not is_waiting(ctx, participant):
        raise InvalidState(f"Participant {participant.id} doesn't wait for others any more, and plays on.")
    release_now(ctx, participant)
    return _detail(ctx, participant)


def release_now(ctx: Context, participant: Participant) -> None:
    """End the part of a working participant, with base pay."""
    if as_study(ctx.experiment) is None:
        release_participant(ctx, participant)
        return
    # Lazy import: only studies need their modules.
    from chalicelib.operations.study.groups.stopping import release_from_study

    release_from_study(ctx, participant.id)


def extend_time(ctx: Context, participant_id: str, minutes: int) -> ParticipantDetail:
    """Give a working participant extra time before they count as lost, and on a page with a time limit."""
    participant = participant_named(ctx, participant_id)
    if not participant.is_working:
        raise InvalidState(f"Participant {participant.id} isn't taking part any more ({participant.status}).")
    if participant.extra_minutes + minutes > MAX_EXTRA_MINUTES:
        raise InvalidState(
            f"Participant {participant.id} has {participant.extra_minutes} extra minutes already; "
            f"{MAX_EXTRA_MINUTES} is the most."
        )
    give_extra_time(ctx, participant, minutes)
    if as_study(ctx.experiment) is not None:
        # Lazy import, as above.
        from chalicelib.operations.study.flow.time_limits import extend_page

        extend_page(ctx, participant.id, minutes)
    return _detail(ctx, participant)


def erase_data(ctx: Context, participant_id: str) -> ParticipantDetail:
    """Erase the ids of a participant, and all that they wrote, drew or recorded."""
    participant = participant_named(ctx, participant_id)
    erase_participant(ctx, participant.id)
    return _detail(ctx, participant)


def actor_name(ctx: Context) -> str:
    """Return the id of the actor, for what is recorded about a change."""
    actor = actor_of(ctx)
    return "operator" if actor is None else actor.id


def _require_submitted(participant: Participant) -> None:
    if participant.status != ParticipantStatus.SUBMITTED:
        raise InvalidState(
            f"Participant {participant.id} is {participant.status}; only a submission that no check has "
            "decided yet (submitted) can be approved or rejected."
        )


def _detail(ctx: Context, participant: Participant) -> ParticipantDetail:
    return ParticipantDetail(
        id=participant.id,
        status=ParticipantStatus(participant.status),
        is_working=participant.is_working,
        arrived=participant.creation_time,
        ended=participant.end_time,
        deadline=deadline(ctx, participant),
        extra_minutes=participant.extra_minutes,
        early_exit_reason=participant.early_exit_reason,
        base_pay=participant.base_pay,
        bonus=participant.bonus,
        is_failed=participant.failed,
        failed_reason=participant.failed_reason,
        recruiter=participant.recruiter,
        node_ids=list(participant.node_ids),
        worker_id=participant.worker_id,
        assignment_id=participant.assignment_id,
    )
