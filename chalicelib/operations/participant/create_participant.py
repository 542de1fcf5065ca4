"""Creates a participant, resumes an existing one, or reassigns an assignment to another worker."""

from __future__ import annotations

from typing import Any

from chalicelib.errors import BadRequest, Forbidden, NotFound
from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.model.statuses import ACTIVE, ASSIGNMENT_FREE, DISMISSED_WITH_PAY, ParticipantStatus
from chalicelib.operations.realtime import waiting_rooms
from chalicelib.operations.recruitment.stops import is_entry_closed
from chalicelib.operations.shared.context import OPERATOR, PARTICIPANT, Context
from chalicelib.operations.shared.erased_ids import is_erased_assignment, is_erased_worker
from chalicelib.operations.shared.fields import check_size
from chalicelib.operations.shared.idempotency import previous_result, record_result
from chalicelib.operations.shared.study_check import as_study

from . import deadlines, entry_verification
from .entry_verification import EntryRequest
from .id_validation import require_real_id
from .submission import ASSIGNMENT_RETURNED, is_settled, notify_if_pay_promised, settle_without_assignment

#: Recruiters' ids are 10 to 40 characters long; DynamoDB limits the length of keys.
MAX_ID_LENGTH = 200
#: Counts arrivals, so that random draws for a new participant depend on the order of arrival.
PARTICIPANT_COUNTER = keys.counter("participant")


def create_participant(ctx: Context, entry: EntryRequest) -> dict[str, Any]:
    """Return the participant for an entry, with a token, and the quorum if there is a waiting room."""
    check_ids(entry)
    check_size(entry_information=entry.more, consent=entry.consent, fingerprint_hash=entry.fingerprint_hash)
    ctx.uow.prefetch(
        more=[
            keys.assignment(entry.assignment_id),
            keys.worker(entry.worker_id),
            PARTICIPANT_COUNTER,
            keys.ERASURE,
        ]
    )
    claimed = ctx.uow.item(keys.assignment(entry.assignment_id))
    older = None if claimed is None else ctx.uow.participant(claimed["participant_id"])
    if older is not None and older.worker_id == entry.worker_id and _may_resume(ctx, older):
        _require_resume_proof(ctx, older, entry.signature)
        return resume(ctx, older)
    if older is not None and not _is_reassignable(ctx, older):
        _refuse_repeat_worker(ctx, entry)
        raise Forbidden(
            f"Assignment {entry.assignment_id} is {older.status}: another worker can't begin with it.",
            code="assignment_taken",
        )
    _refuse_repeat_worker(ctx, entry)
    if is_erased_assignment(ctx, entry.assignment_id):
        raise Forbidden(f"Assignment {entry.assignment_id} was submitted already.", code="assignment_taken")
    participant = _create(ctx, entry)
    if older is not None:
        _replace(ctx, older)
    record_result(ctx, participant, participant.token_serial)
    return participant_response(ctx, participant, participant.token_serial)


def _require_open_seat(ctx: Context, entry: EntryRequest) -> None:
    """Refuse a person who can't begin with the link of a member of a class."""
    # Lazy import: only studies have classes.
    from chalicelib.study.classes.class_seats import class_of_seat

    if class_of_seat(entry.worker_id) is not None:
        from chalicelib.operations.classes.class_entry import require_open_seat

        require_open_seat(ctx, entry.worker_id, entry.hit_id)


def _begin_as_member(ctx: Context, participant: Participant) -> None:
    """Note which class a participant belongs to who begins with the link of a member."""
    # Lazy import: only studies have classes.
    from chalicelib.study.classes.class_seats import class_of_seat

    if class_of_seat(participant.worker_id) is not None:
        from chalicelib.operations.classes.class_records import begin_as_member

        begin_as_member(ctx, participant)


def confirming_vendor(ctx: Context, entry: EntryRequest) -> entry_verification.ConfirmationRequest | None:
    """Return the vendor that has to confirm an entry before it gets a seat; None when none has to."""
    request = entry_verification.vendor_of(ctx, entry)
    claimed = None if request is None else ctx.uow.item(keys.assignment(entry.assignment_id))
    if claimed is None:
        return request
    older = ctx.uow.participant(claimed["participant_id"])
    # An entry was confirmed when its worker began with it.
    return request if older.worker_id != entry.worker_id or _starts_over(ctx, older) else None


def _starts_over(ctx: Context, older: Participant) -> bool:
    """Whether a worker who returns with an assignment they gave up becomes a new participant."""
    is_allowed = ctx.settings.allow_repeat_worker_ids
    return is_allowed and not _may_resume(ctx, older) and _is_reassignable(ctx, older)


def check_ids(entry: EntryRequest) -> None:
    """Refuse missing ids, and placeholders that don't identify a participant."""
    for name in ("worker_id", "hit_id", "assignment_id", "mode", "recruiter"):
        value = getattr(entry, name)
        if name.endswith("_id") and not (value or "").strip():
            raise BadRequest(f"{name} is missing: the page was opened without it.", code="id_missing")
        if len(value or "") > MAX_ID_LENGTH:
            raise BadRequest(
                f"{name} has {len(value)} characters; the maximum is {MAX_ID_LENGTH}.", code="id_too_long"
            )
        if name.endswith("_id"):
            require_real_id(name, value)


def _refuse_repeat_worker(ctx: Context, entry: EntryRequest) -> None:
    if ctx.settings.allow_repeat_worker_ids:
        return
    if ctx.uow.item(keys.worker(entry.worker_id)) is not None or is_erased_worker(ctx, entry.worker_id):
        raise Forbidden("You have taken part in this study already, thank you.", code="repeat_worker")


def _create(ctx: Context, entry: EntryRequest) -> Participant:
    if is_entry_closed(ctx):
        raise Forbidden(
            "This study takes no new participants at the moment. Please return your place.",
            code="entry_closed",
        )
    recruiter = entry_verification.recruiter_of(ctx, entry)
    entry_verification.check_signature(ctx, entry, recruiter)
    if as_study(ctx.experiment) is not None:
        _require_open_seat(ctx, entry)
    is_unconfirmed = entry_verification.check_confirmation(ctx, entry, recruiter)
    begun = ctx.uow.item(PARTICIPANT_COUNTER)
    ctx.seed(None, "create_participant", begun["v"] if begun else 0)
    participant = ctx.experiment.create_participant(
        worker_id=entry.worker_id,
        hit_id=entry.hit_id,
        assignment_id=entry.assignment_id,
        mode=entry.mode,
        recruiter_name=recruiter,
        fingerprint_hash=entry.fingerprint_hash,
        entry_information=dict(entry.more or {}),
    )
    participant.consent = dict(entry.consent) if entry.consent else None
    if as_study(ctx.experiment) is not None:
        _begin_as_member(ctx, participant)
    if is_unconfirmed:
        participant.details = {**participant.details, entry_verification.UNCONFIRMED: True}
    ctx.uow.put_if_unchanged(
        keys.assignment(entry.assignment_id), "assignment", {"participant_id": participant.id}
    )
    seen = ctx.uow.item(keys.worker(entry.worker_id))
    ids = [*(seen["participant_ids"] if seen else []), participant.id]
    ctx.uow.put_if_unchanged(keys.worker(entry.worker_id), "worker", {"participant_ids": ids})
    deadlines.set_deadline(ctx, participant)
    if waiting_rooms.has_waiting_room(ctx):
        waiting_rooms.enter_lobby(ctx, participant)
    ctx.uow.update_status_index(participant)
    return participant


def _is_reassignable(ctx: Context, older: Participant) -> bool:
    """Whether an assignment can go to another worker: it was returned, or that report is on its way.

    Mechanical Turk reuses the ids of assignments, but never of submitted ones.
    """
    if older.status in DISMISSED_WITH_PAY:
        return bool(older.details.get(ASSIGNMENT_RETURNED)) or not is_settled(ctx, older)
    return older.status == ParticipantStatus.WORKING or older.status in ASSIGNMENT_FREE


def _replace(ctx: Context, older: Participant) -> None:
    """Take the assignment from its former worker: that another worker has it proves that it was returned."""
    if older.status in DISMISSED_WITH_PAY:
        settle_without_assignment(ctx, older)
    if older.status != ParticipantStatus.WORKING:
        return
    older.change_status(ParticipantStatus.REPLACED)
    ctx.uow.update_status_index(older)
    waiting_rooms.leave_lobby(ctx, older.id)
    ctx.experiment.assignment_reassigned(older)
    notify_if_pay_promised(ctx, older)


def _may_resume(ctx: Context, participant: Participant) -> bool:
    return (
        participant.status in ACTIVE
        or participant.visit > 1
        or _has_participant_token(ctx, participant)
        or previous_result(ctx, participant) is not None
    )


def _require_resume_proof(ctx: Context, participant: Participant, signed: str | None) -> None:
    """Refuse a caller with neither the participant's token nor, where links are signed, the signed link.

    Ids alone aren't enough: the codes of a pool are short and can be guessed one by one.
    """
    if _has_participant_token(ctx, participant) or previous_result(ctx, participant) is not None:
        return
    ctx.recruiters.check_entry(
        participant.recruiter, participant.worker_id, participant.hit_id, participant.assignment_id, signed
    )


def _has_participant_token(ctx: Context, participant: Participant) -> bool:
    """Whether the caller sent the participant's newest token, or the operator's."""
    caller = ctx.caller
    is_holder = caller.kind == PARTICIPANT and caller.participant_id == participant.id
    return caller.kind == OPERATOR or (is_holder and caller.serial == participant.token_serial)


def resume(ctx: Context, participant: Participant) -> dict[str, Any]:
    """Return an existing participant; a caller without the token gets a new one, which revokes the old."""
    earlier = previous_result(ctx, participant)
    if earlier is not None:
        return participant_response(ctx, participant, earlier)
    if not _has_participant_token(ctx, participant):
        participant.token_serial += 1
        record_result(ctx, participant, participant.token_serial)
    return participant_response(ctx, participant, participant.token_serial)


def participant_response(ctx: Context, participant: Participant, serial: int) -> dict[str, Any]:
    """Build the response to creating or loading a participant."""
    response: dict[str, Any] = {
        "participant": {
            **participant.as_json(),
            "worker_id": participant.worker_id,
            "unique_id": participant.unique_id,
        },
        "token": ctx.tokens.issue(participant.id, serial),
        # A page that receives a different number knows that the participant continued in another page.
        "session": serial,
    }
    if waiting_rooms.has_waiting_room(ctx):
        response["quorum"] = _quorum(ctx, participant)
    return response


def _quorum(ctx: Context, participant: Participant) -> dict[str, Any]:
    state = waiting_rooms.room_state(ctx, participant.id)
    if participant.is_new and participant.status == ParticipantStatus.WORKING:
        # The new participant's own lobby entry is part of this commit.
        state["n"] = min(state["n"] + 1, state["q"])
    return state


def load_by_link(ctx: Context, link: str) -> dict[str, Any]:
    """Return the participant of a recruiter's signed entry link; Forbidden for a link that isn't ours."""
    worker_id, assignment_id, signed = ctx.recruiters.read_entry(link)
    return load_participant(ctx, assignment_id, worker_id, signed)


def load_participant(
    ctx: Context, assignment_id: str, worker_id: str | None, signed: str | None = None
) -> dict[str, Any]:
    """Return an existing participant by assignment (and worker, where the caller names one).

    `signed`: the `entry` parameter of their link, for a recruiter with signed links.
    """
    if not assignment_id.strip():
        raise BadRequest("assignment_id is missing.", code="assignment_id_missing")
    require_real_id("assignment_id", assignment_id)
    require_real_id("worker_id", worker_id or "")
    participant = ctx.experiment.load_participant(assignment_id)
    if participant is None or (worker_id is not None and participant.worker_id != worker_id):
        raise NotFound(
            "This study has no participant with this assignment and worker.", code="participant_not_found"
        )
    _require_resume_proof(ctx, participant, signed)
    return resume(ctx, participant)
