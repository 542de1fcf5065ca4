"""Somebody begins: a new participant, the same one again, or somebody else's assignment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.model.errors import BadRequest, Forbidden, NotFound
from chalicelib.model.participant import WORKING, Participant
from chalicelib.operations import deadlines, entries, rooms

from .access import STILL_HERE
from .entry_ids import check_id
from .fields import check_size
from .finish_participant import (
    GIVEN_BACK,
    is_paid_off,
    pay_without_assignment,
    tell_if_pay_was_promised,
)
from .once import made_before, remember
from .standing import SENT_OFF
from .unit import OPERATOR, PARTICIPANT, Unit

#: Recruiters' ids are 10 to 40 characters long; DynamoDB's keys have an end.
LONGEST_ID = 200
#: Who gave an assignment back, or perhaps did.
GAVE_UP = ("returned", "abandoned", "replaced", "missing_notification")
#: Counts who began, so that what hooks draw for a newcomer follows from the order of arrival.
COUNTER = ("counter", "participant")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the recruiter's link and the page tell about somebody who begins."""

    worker_id: str
    hit_id: str
    assignment_id: str
    mode: str = "debug"
    recruiter: str | None = None
    fingerprint_hash: str | None = None
    consent: Mapping[str, Any] | None = None
    more: Mapping[str, Any] | None = None
    #: What the vendor said about the assignment, where it was asked; see `entries`.
    confirmation: str | None = None

    @property
    def signature(self) -> str | None:
        """The signed part of an entry link."""
        return str((self.more or {}).get("entry") or "") or None


def create_participant(unit: Unit, entry: Entry) -> dict[str, Any]:
    """Return the participant for an entry, with a token, and the quorum if there is a waiting room."""
    check_ids(entry)
    check_size(entry_information=entry.more, consent=entry.consent, fingerprint_hash=entry.fingerprint_hash)
    unit.work.prefetch(
        more=[("assignment#" + entry.assignment_id, "#"), ("worker#" + entry.worker_id, "#"), COUNTER]
    )
    claimed = unit.work.item(("assignment#" + entry.assignment_id, "#"))
    older = None if claimed is None else unit.work.participant(claimed["participant_id"])
    if older is not None and older.worker_id == entry.worker_id and _may_resume(unit, older):
        _check_resuming(unit, older, entry.signature)
        return resume(unit, older)
    if older is not None and not _is_free_again(unit, older):
        _refuse_repeat_worker(unit, entry)
        raise Forbidden(
            f"Assignment {entry.assignment_id} is {older.status}: nobody else can begin with it.",
            code="assignment_taken",
        )
    _refuse_repeat_worker(unit, entry)
    participant = _make(unit, entry)
    if older is not None:
        _replace(unit, older)
    remember(unit, participant, participant.token_serial)
    return shown(unit, participant, participant.token_serial)


def vendor_to_ask(unit: Unit, entry: Entry) -> entries.ToAsk | None:
    """Return which vendor has to confirm an entry before it is seated; None where none has to."""
    ask = entries.vendor_of(unit, entry)
    claimed = None if ask is None else unit.work.item(("assignment#" + entry.assignment_id, "#"))
    if claimed is None:
        return ask
    older = unit.work.participant(claimed["participant_id"])
    # An entry was confirmed when its worker began with it.
    return ask if older.worker_id != entry.worker_id or _begins_anew(unit, older) else None


def _begins_anew(unit: Unit, older: Participant) -> bool:
    """Whether the worker who comes again with an assignment that they gave up becomes a new participant."""
    is_allowed = bool(unit.config.get("allow_repeat_worker_ids"))
    return is_allowed and not _may_resume(unit, older) and _is_free_again(unit, older)


def check_ids(entry: Entry) -> None:
    """Refuse missing ids, and placeholders that identify no participant."""
    for name in ("worker_id", "hit_id", "assignment_id", "mode", "recruiter"):
        value = getattr(entry, name)
        if name.endswith("_id") and not (value or "").strip():
            raise BadRequest(f"{name} is missing: the page was opened without it.", code="id_missing")
        if len(value or "") > LONGEST_ID:
            raise BadRequest(
                f"{name} has {len(value)} characters; {LONGEST_ID} is the most.", code="id_too_long"
            )
        if name.endswith("_id"):
            check_id(name, value)


def _refuse_repeat_worker(unit: Unit, entry: Entry) -> None:
    if unit.config.get("allow_repeat_worker_ids"):
        return
    if unit.work.item(("worker#" + entry.worker_id, "#")) is not None:
        raise Forbidden("You have taken part in this study already, thank you.", code="repeat_worker")


def _make(unit: Unit, entry: Entry) -> Participant:
    recruiter = entries.recruiter_of(unit, entry)
    entries.check_signature(unit, entry, recruiter)
    is_unconfirmed = entries.check_confirmation(unit, entry, recruiter)
    begun = unit.work.item(COUNTER)
    unit.seed(None, "create_participant", begun["v"] if begun else 0)
    participant = unit.experiment.create_participant(
        worker_id=entry.worker_id,
        hit_id=entry.hit_id,
        assignment_id=entry.assignment_id,
        mode=entry.mode,
        recruiter_name=recruiter,
        fingerprint_hash=entry.fingerprint_hash,
        entry_information=dict(entry.more or {}),
    )
    participant.consent = dict(entry.consent) if entry.consent else None
    if is_unconfirmed:
        participant.details = {**participant.details, entries.UNCONFIRMED: True}
    unit.work.claim(
        ("assignment#" + entry.assignment_id, "#"), "assignment", {"participant_id": participant.id}
    )
    seen = unit.work.item(("worker#" + entry.worker_id, "#"))
    ids = [*(seen["participant_ids"] if seen else []), participant.id]
    unit.work.claim(("worker#" + entry.worker_id, "#"), "worker", {"participant_ids": ids})
    deadlines.set_deadline(unit, participant)
    if rooms.has_waiting_room(unit):
        rooms.enter_lobby(unit, participant)
    unit.work.list_participant(participant)
    return participant


def _is_free_again(unit: Unit, older: Participant) -> bool:
    """Whether somebody else can have an assignment: it was given back, or its report is on its way.

    Mechanical Turk hands the ids of assignments out again; never of those that were handed in.
    """
    if older.status in SENT_OFF:
        return bool(older.details.get(GIVEN_BACK)) or not is_paid_off(unit, older)
    return older.status in (WORKING, *GAVE_UP)


def _replace(unit: Unit, older: Participant) -> None:
    """Take the assignment from who had it before: that somebody else has it shows that they gave it back."""
    if older.status in SENT_OFF:
        pay_without_assignment(unit, older)
    if older.status != WORKING:
        return
    older.status = "replaced"
    unit.work.list_participant(older)
    rooms.leave_lobby(unit, older.id)
    unit.experiment.assignment_reassigned(older)
    tell_if_pay_was_promised(unit, older)


def _may_resume(unit: Unit, participant: Participant) -> bool:
    return (
        participant.status in STILL_HERE
        or _is_known(unit, participant)
        or made_before(unit, participant) is not None
    )


def _check_resuming(unit: Unit, participant: Participant, signed: str | None) -> None:
    """Refuse a caller who has neither the participant's token nor, where links are signed, their link.

    Ids alone don't do: codes of a pool are short, and can be tried one after the other.
    """
    if _is_known(unit, participant) or made_before(unit, participant) is not None:
        return
    unit.recruiters.check_entry(
        participant.recruiter, participant.worker_id, participant.hit_id, participant.assignment_id, signed
    )


def _is_known(unit: Unit, participant: Participant) -> bool:
    """Whether the caller brings the participant's newest token, or the operator's."""
    caller = unit.caller
    is_holder = caller.kind == PARTICIPANT and caller.participant_id == participant.id
    return caller.kind == OPERATOR or (is_holder and caller.serial == participant.token_serial)


def resume(unit: Unit, participant: Participant) -> dict[str, Any]:
    """Return the same participant again; without its token a new token is made, and the old one ends."""
    earlier = made_before(unit, participant)
    if earlier is not None:
        return shown(unit, participant, earlier)
    if not _is_known(unit, participant):
        participant.token_serial += 1
        remember(unit, participant, participant.token_serial)
    return shown(unit, participant, participant.token_serial)


def shown(unit: Unit, participant: Participant, serial: int) -> dict[str, Any]:
    """Return what the answer to creating or loading a participant holds."""
    answer: dict[str, Any] = {
        "participant": {
            **participant.as_json(),
            "worker_id": participant.worker_id,
            "unique_id": participant.unique_id,
        },
        "token": unit.tokens.issue(participant.id, serial),
        # A page that sees another number than before knows that the participant went on elsewhere.
        "session": serial,
    }
    if rooms.has_waiting_room(unit):
        answer["quorum"] = _quorum(unit, participant)
    return answer


def _quorum(unit: Unit, participant: Participant) -> dict[str, Any]:
    state = rooms.standing(unit, participant.id)
    if participant.is_new and participant.status == WORKING:
        # The newcomer's own place in the lobby is part of this commit.
        state["n"] = min(state["n"] + 1, state["q"])
    return state


def load_by_link(unit: Unit, link: str) -> dict[str, Any]:
    """Return the participant of a recruiter's signed entry link; Forbidden for a link that isn't ours."""
    worker_id, assignment_id, signed = unit.recruiters.read_entry(link)
    return load_participant(unit, assignment_id, worker_id, signed)


def load_participant(
    unit: Unit, assignment_id: str, worker_id: str | None, signed: str | None = None
) -> dict[str, Any]:
    """Return an existing participant by assignment (and worker, where the caller names one).

    `signed`: the `entry` of their link, for a recruiter who gives signed ones.
    """
    if not assignment_id.strip():
        raise BadRequest("assignment_id is missing.", code="assignment_id_missing")
    check_id("assignment_id", assignment_id)
    check_id("worker_id", worker_id or "")
    participant = unit.experiment.load_participant(assignment_id)
    if participant is None or (worker_id is not None and participant.worker_id != worker_id):
        raise NotFound(
            "Nobody with this assignment and worker takes part in this study.", code="participant_not_found"
        )
    _check_resuming(unit, participant, signed)
    return resume(unit, participant)
