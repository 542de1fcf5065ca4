"""Erases a participant's personal data, and keeps the rows that results and payments are proven by.

The ids are erased in the commit of the operation, and what the participant wrote in later ones
(`erased_contents.py`), since there may be more of it than a commit can write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.errors import InvalidState
from chalicelib.messages import EraseContents
from chalicelib.model import keys
from chalicelib.model.participant import (
    EARLIER_NODES,
    HAND_BONUSES,
    IS_VISITING,
    VISIT,
    VISIT_SECONDS,
    Participant,
)
from chalicelib.model.record import PROPERTIES, iso
from chalicelib.model.run_records import payment_kinds
from chalicelib.model.statuses import (
    DISMISSED_WITH_PAY,
    EXPECTED_VISITS,
    PAYMENT_UNSETTLED,
    ParticipantStatus,
)
from chalicelib.operations.participant.submission import ASSIGNMENT_RETURNED, is_settled
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.erased_ids import ERASED_AT, erasure_key, make_pseudonym
from chalicelib.study.live_sessions.live_session_records import session_of_seat

from .erased_live_sessions import LIVE_SEAT
from .stored_items import own_fields, without_words

#: What takes the place of the id of a HIT.
ERASED: Final = "erased"
#: The details that the platform still needs: how many visits there were, and how they were paid.
KEPT_DETAILS: Final = (
    *(VISIT, IS_VISITING, EARLIER_NODES, VISIT_SECONDS),
    *(HAND_BONUSES, ASSIGNMENT_RETURNED),
)


@dataclass(frozen=True, slots=True)
class ErasedParticipant:
    """The result of an erasure."""

    participant_id: int
    #: When the data were erased.
    erased_at: str
    #: The participants with the same worker id, whose data are still stored.
    others: tuple[int, ...]


def erase_participant(ctx: Context, participant_id: int) -> ErasedParticipant:
    """Erase a participant's ids at once, and post the message that erases what they wrote; idempotent.

    InvalidState while the participant takes part, or while anything is owed to them.
    """
    require_right(ctx, Right.EDIT_PARTICIPANTS)
    require_right(ctx, Right.VIEW_PERSONAL_DATA)
    participant = ctx.uow.participant(participant_id)
    others: tuple[int, ...] = ()
    if ERASED_AT not in participant.details:
        _require_settled(ctx, participant)
        others = _erase_ids(ctx, participant)
    ctx.uow.post(EraseContents(participant_id))
    return ErasedParticipant(participant_id, str(participant.details[ERASED_AT]), others)


def _require_settled(ctx: Context, participant: Participant) -> None:
    """Raise InvalidState while the participant takes part, or money is in flight."""
    who = f"Participant {participant.id}"
    if participant.is_working or participant.status == ParticipantStatus.WORKING:
        raise InvalidState(
            f"{who} is still taking part. Erase their data when their part has ended: they can withdraw, or "
            "you can wait for the end of their time."
        )
    visits = ctx.uow.items(*keys.visits(participant.id))
    if any(visit.get("status") in EXPECTED_VISITS for visit in visits):
        raise InvalidState(
            f"{who} is expected for a later session. Erase their data when it is over, or when they have "
            "withdrawn."
        )
    is_waiting = participant.status == ParticipantStatus.SUBMITTED
    if is_waiting or (participant.status in DISMISSED_WITH_PAY and not is_settled(ctx, participant)):
        raise InvalidState(
            f"{who} is {participant.status}, and their pay isn't decided yet. Erase their data afterwards."
        )
    for kind in payment_kinds(participant.visit, participant.hand_bonuses):
        payment = ctx.uow.payment(participant.id, kind)
        if payment is not None and payment.status in PAYMENT_UNSETTLED:
            raise InvalidState(
                f"The payment {kind} of participant {participant.id} is {payment.status}, and it is sent to "
                "their worker id. Settle it first: `petri payments list --participant "
                f"{participant.id}` shows it."
            )


def _erase_ids(ctx: Context, participant: Participant) -> tuple[int, ...]:
    """Replace the recruiter's ids by pseudonyms; return the other participants of the worker."""
    old = (participant.worker_id, participant.assignment_id)
    key = erasure_key(ctx)
    worker, assignment = (make_pseudonym(key, one) for one in old)
    others = _move_claims(ctx, participant, worker, assignment)
    # What a live session holds about its players is found by their seat, and erased with what they wrote.
    seat = {} if session_of_seat(old[0]) is None else {LIVE_SEAT: old[0]}
    words = [one for one in (*old, participant.fingerprint_hash or "") if one]
    _erase_in_notifications(ctx, participant.assignment_id, assignment)
    _erase_in_payments(ctx, participant, words)
    participant.worker_id, participant.assignment_id, participant.hit_id = worker, assignment, ERASED
    participant.fingerprint_hash = None
    participant.entry_information = {}
    participant.requests = []
    # Tokens of pages that are still open are revoked.
    participant.token_serial += 1
    for name in PROPERTIES:
        setattr(participant, name, None)
    kept = {name: participant.details[name] for name in KEPT_DETAILS if name in participant.details}
    participant.details = {**kept, **seat, ERASED_AT: str(iso(ctx.now))}
    return others


def _move_claims(ctx: Context, participant: Participant, worker: str, assignment: str) -> tuple[int, ...]:
    """Store the claims of the ids under their pseudonyms, and delete those under the ids."""
    claimed = ctx.uow.item(keys.assignment(participant.assignment_id))
    if claimed is not None and claimed["participant_id"] == participant.id:
        ctx.uow.delete_item(keys.assignment(participant.assignment_id), expect=claimed["v"])
    ctx.uow.put_if_unchanged(keys.assignment(assignment), "assignment", {"participant_id": participant.id})
    held = ctx.uow.item(keys.worker(participant.worker_id))
    ids = [] if held is None else [one for one in held["participant_ids"] if one != participant.id]
    if held is not None and ids:
        ctx.uow.put_item(
            keys.worker(participant.worker_id), "worker", {"participant_ids": ids}, expect=held["v"]
        )
    elif held is not None:
        ctx.uow.delete_item(keys.worker(participant.worker_id), expect=held["v"])
    erased = ctx.uow.item(keys.worker(worker))
    before = [] if erased is None else erased["participant_ids"]
    ctx.uow.put_if_unchanged(keys.worker(worker), "worker", {"participant_ids": [*before, participant.id]})
    return tuple(ids)


def _erase_in_notifications(ctx: Context, assignment_id: str, pseudonym: str) -> None:
    """Erase the id and the details of all reports about an assignment."""
    for shard in range(keys.SHARDS):
        for item in ctx.uow.items(keys.notification(shard)[0]):
            if item.get("assignment_id") == assignment_id:
                fields = {**own_fields(item), "assignment_id": pseudonym, "details": {}}
                ctx.uow.put_item((item["pk"], item["sk"]), item["kind"], fields, expect=item["v"])


def _erase_in_payments(ctx: Context, participant: Participant, words: list[str]) -> None:
    """Erase the ids in the texts of payments; amounts, moments and the recruiter's references stay."""
    for kind in payment_kinds(participant.visit, participant.hand_bonuses):
        payment = ctx.uow.payment(participant.id, kind)
        if payment is None:
            continue
        payment.reason = None if payment.reason is None else str(without_words(payment.reason, words))
        details: Mapping[str, Any] = payment.details
        payment.details = without_words(dict(details), words)
