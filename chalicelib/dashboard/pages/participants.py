"""Participants: the list with its filters, one participant with everything that happened, and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from chalicelib.access.rights import Actor, Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.pages.books.practised_items import practised_by
from chalicelib.dashboard.pages.recruiting.new_participant import NEW, begin_as_participant
from chalicelib.dashboard.record_notes import CHANGE, DELETE, NotedRecord, act_on_note, notes_of
from chalicelib.dashboard.rendering import render
from chalicelib.errors import BadRequest, NotFound
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.management.notes import NoteAbout

_ADDRESS: Final = "/dashboard/participants"
#: The segment that stands for the participants who were selected in the list.
SELECTED: Final = "selected"
#: How many participants one decision is about.
MOST_SELECTED: Final = 200
_PAYMENT_ACTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"release-payment": "payments.release", "retry-payment": "payments.retry"}
)
#: How many pages of books a participant's page lists.
_READINGS: Final = 200
_FILTERS: Final = ("text", "status", "condition", "recruiter")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person can decide about participants."""

    title: str
    #: What happens, for the page that asks before it.
    effect: str
    right: Right
    #: What the form asks for: reason, minutes, amount or text.
    fields: tuple[str, ...] = ()
    tone: str = "primary"
    for_many: bool = False
    #: Whether it also takes the right View personal data.
    needs_personal_data: bool = False

    def is_allowed(self, actor: Actor) -> bool:
        """Whether an actor has the rights that it takes."""
        return actor.may(self.right) and (not self.needs_personal_data or actor.may(Right.VIEW_PERSONAL_DATA))


DECISIONS: Final[Mapping[str, Decision]] = MappingProxyType(
    {
        "approve": Decision(
            "Approve", "The submission is approved and paid.", Right.EDIT_PARTICIPANTS, for_many=True
        ),
        "reject": Decision(
            "Reject",
            "The submission is rejected and its base pay held. The recruiter may show the reason.",
            Right.EDIT_PARTICIPANTS,
            ("reason",),
            "danger",
            for_many=True,
        ),
        "bonus": Decision(
            "Give a bonus", "The bonus is sent at once.", Right.PAY, ("amount", "reason"), for_many=True
        ),
        "compensate": Decision(
            "Compensate",
            "For participants who couldn't finish because of a problem. It is sent at once.",
            Right.PAY,
            ("amount", "reason"),
        ),
        "extra-time": Decision(
            "Give extra time",
            "The participant's time, and that of the page they are on, ends later.",
            Right.EDIT_PARTICIPANTS,
            ("minutes",),
            for_many=True,
        ),
        "release": Decision(
            "Release with pay",
            "The part ends now, with full base pay. It can't be taken up again.",
            Right.PAY,
            tone="danger",
            for_many=True,
        ),
        "fail": Decision(
            "Mark as failed",
            "The data is left out of analyses, and a place in a network is filled again. Pay stays as it is.",
            Right.EDIT_PARTICIPANTS,
            ("reason",),
            "danger",
            for_many=True,
        ),
        "erase": Decision(
            "Erase personal data",
            "The recruiter's ids, and all that the participant wrote, drew or uploaded, are erased for good. "
            "What they chose, times, grades and payments stay.",
            Right.EDIT_PARTICIPANTS,
            tone="danger",
            needs_personal_data=True,
        ),
        "note": Decision("Add a note", "Only people who manage this run see it.", Right.COMMENT, ("text",)),
    }
)


def show_participants(call: PageCall) -> Rendered:
    """Show the list, one participant, or the page that asks before a decision; or carry it out."""
    if call.id is None:
        return _list(call)
    if call.part is None:
        return begin_as_participant(call) if call.id == NEW else _one(call, call.id)
    if call.part in _PAYMENT_ACTIONS:
        return _change_payment(call, call.id, call.part)
    if call.part in (CHANGE, DELETE):
        return act_on_note(call, _noted(call.id), call.part)
    decision = DECISIONS.get(call.part)
    if decision is None:
        raise NotFound("This page has no such action.")
    ids = _ids(call)
    if call.method == "POST":
        return _decide(call, call.part, decision, ids)
    return _ask(call, decision, ids)


def _change_payment(call: PageCall, participant_id: str, action: str) -> Rendered:
    """Release or retry one payment of the participant."""
    payment = call.one("payment")
    if call.method != "POST" or payment.partition("-")[0] != participant_id:
        raise NotFound("This page has no such action.")
    call.run(_PAYMENT_ACTIONS[action], id=payment)
    return redirect(f"{_ADDRESS}/{participant_id}#payments")


def _noted(participant_id: str) -> NotedRecord:
    title, address = f"Participant {participant_id}", f"{_ADDRESS}/{participant_id}"
    trail = ((_ADDRESS, "Participants"),)
    return NotedRecord(NoteAbout.PARTICIPANT, participant_id, title, address, trail, has_form=False)


def _list(call: PageCall) -> Rendered:
    wanted = {name: call.one(name) or None for name in _FILTERS}
    status = wanted["status"]
    if status is not None and status not in set(ParticipantStatus):
        raise BadRequest(f"{status[:40]!r} is not a status of participants.")
    after = call.one("after") or None
    found = call.run("participants.list", **wanted, after=after, limit=call.rows(50))
    given = {name: value for name, value in wanted.items() if value}
    following = f"{_ADDRESS}?{urlencode({**given, 'after': found.next})}" if found.next else None
    return render(
        "participants.html",
        call,
        found=found,
        wanted=wanted,
        is_filtered=bool(given),
        next=following,
        is_first=after is None,
        statuses=list(ParticipantStatus),
        decisions=_allowed(call, for_many=True),
        may_write=call.actor.may(Right.RUN_LIVE_SESSION),
        query=urlencode(given),
        sees_ids=call.actor.may(Right.VIEW_PERSONAL_DATA),
    )


def _one(call: PageCall, participant_id: str, refused: str = "") -> Rendered:
    participant = call.run("participants.read", id=participant_id)
    return render(
        "participant.html",
        call,
        participant=participant,
        timeline=call.run("participants.timeline", id=participant_id),
        **notes_of(call, _noted(participant_id)),
        readings=call.run("readings.list", participant_id=participant.id, limit=_READINGS).rows,
        practised=practised_by(call, participant.id),
        messages=call.run("messages.list", participant_id=participant.id, limit=10).rows,
        decisions=_possible(call, participant),
        may_write=call.actor.may(Right.RUN_LIVE_SESSION),
        may_pay=call.actor.may(Right.PAY),
        said=DECISIONS[call.one("said")].title if call.one("said") in DECISIONS else "",
        refused=refused,
    )


def _ask(call: PageCall, decision: Decision, ids: list[str]) -> Rendered:
    return render(
        "participant_decision.html",
        call,
        decision=decision,
        verb=call.part,
        ids=ids,
        action=f"{_ADDRESS}/{call.id}/{call.part}",
        back=_ADDRESS if call.id == SELECTED else f"{_ADDRESS}/{ids[0]}",
        refused=[],
        done=0,
    )


def _decide(call: PageCall, verb: str, decision: Decision, ids: list[str]) -> Rendered:
    """Carry a decision out for each participant; those that refuse it are named with the reason."""
    values = {name: _value(call, name) for name in decision.fields}
    answers = call.run_for_each(f"participants.{verb}", ids, **values)
    refused = [(participant_id, str(refusal)) for participant_id, refusal in answers]
    if not refused:
        where = _ADDRESS if call.id == SELECTED else f"{_ADDRESS}/{ids[0]}?said={verb}"
        return redirect(where)
    return render(
        "participant_decision.html",
        call,
        status=409,
        decision=decision,
        verb=verb,
        ids=[participant_id for participant_id, _ in refused],
        action=f"{_ADDRESS}/{call.id}/{verb}",
        back=_ADDRESS if call.id == SELECTED else f"{_ADDRESS}/{ids[0]}",
        refused=refused,
        done=len(ids) - len(refused),
    )


def _ids(call: PageCall) -> list[str]:
    if call.id != SELECTED:
        return [str(call.id)]
    ids = list(dict.fromkeys(call.all("ids")))
    if not ids:
        raise BadRequest("No participants were selected. Go back and select at least one.")
    if len(ids) > MOST_SELECTED:
        raise BadRequest(f"At most {MOST_SELECTED} participants can be selected at a time.")
    return ids


def _value(call: PageCall, name: str) -> Any:
    text = call.one(name)
    if not text:
        raise BadRequest(f"Fill in the {name}.")
    if name == "minutes":
        if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) <= 24 * 60):  # noqa: PLR2004 - enough digits for a day
            raise BadRequest("The minutes are a whole number from 1 to 1440.")
        return int(text)
    if name == "amount":
        return _amount(text)
    return text


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise BadRequest("The amount is a number such as 1.50.") from error
    if not (amount.is_finite() and 0 < amount < 10_000 and amount == round(amount, 2)):  # noqa: PLR2004 - a slip
        raise BadRequest("The amount is a number above 0 and below 10000, with at most two decimals.")
    return amount


def _allowed(call: PageCall, *, for_many: bool = False) -> dict[str, Decision]:
    return {
        verb: decision
        for verb, decision in DECISIONS.items()
        if decision.is_allowed(call.actor) and (decision.for_many or not for_many)
    }


def _possible(call: PageCall, participant: Any) -> dict[str, Decision]:
    """Return the decisions that make sense for a participant now."""
    left_out: set[str] = set()
    if participant.status != ParticipantStatus.SUBMITTED:
        left_out |= {"approve", "reject"}
    if not participant.is_working:
        left_out |= {"release", "extra-time"}
    if participant.is_failed:
        left_out.add("fail")
    return {verb: decision for verb, decision in _allowed(call).items() if verb not in left_out}


PAGE = DashboardPage("participants", "Participants", Right.VIEW, show_participants, nav="Run")
