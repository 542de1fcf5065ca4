"""Participants whose time is up: what became of them is asked at the recruiter, and set right.

Each participant's deadline is one message, recorded when they begin and due when their time is up: nobody
is looked for by a sweep.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from chalicelib.messages import CheckDeadline, PollAssignment
from chalicelib.model.errors import NotFound
from chalicelib.model.participant import WORKING, Participant

from . import budget
from .finish_participant import (
    can_be_handed_in,
    finish_participant,
    hand_in_for,
    is_paid_off,
    lose_participant,
    pay_without_assignment,
)
from .recruitment import close_places, facts_of
from .standing import SENT_OFF
from .unit import Unit

#: How long after the end of `duration` a report may still be on its way.
GRACE = timedelta(minutes=2)
#: How long a participant takes from the exit page to the recruiter's.
SUBMITTING = timedelta(seconds=30)
#: Who is still working at the recruiter is asked about again, so often and so long.
PAUSE = timedelta(minutes=10)
PATIENCE = timedelta(hours=1)


def deadline(unit: Unit, participant: Participant) -> datetime:
    """When a participant's time is up."""
    return participant.creation_time + timedelta(hours=float(unit.config.get("duration") or 1.0))


def set_deadline(unit: Unit, participant: Participant) -> None:
    """Have a newcomer looked after when their time is up."""
    _look_again(unit, participant, deadline(unit, participant) + GRACE)


def _look_again(unit: Unit, participant: Participant, due: datetime) -> None:
    unit.work.post(CheckDeadline(participant.id), due=due)


def who_is_open(unit: Unit, participant_id: int) -> tuple[str, str, dict[str, Any]] | None:
    """Return recruiter, assignment and the recruiter's facts of somebody who is not through; or None."""
    participant = unit.work.participant(participant_id)
    if not _is_open(unit, participant):
        return None
    facts = {**facts_of(unit, participant.recruiter), "hit_id": participant.hit_id}
    return participant.recruiter, participant.assignment_id, facts


def ask_about_all_of(unit: Unit, recruiter: str, hit_id: str) -> None:
    """Have the recruiter asked about every participant of a HIT whose end isn't known, in a moment.

    Reports of single assignments, which say more, may still be on their way.
    """
    listing = unit.work.listing()
    unit.work.prefetch(more=[(f"part#{listed['id']}", "#") for listed in listing])
    for listed in listing:
        participant = unit.work.participant(listed["id"])
        is_from_here = participant.recruiter == recruiter and participant.hit_id == hit_id
        if is_from_here and _is_open(unit, participant):
            unit.work.post(PollAssignment(participant.id), due=unit.now + GRACE)


def expect_submission(unit: Unit, recruiter: str, participant_id: int, assignment_id: str) -> dict[str, Any]:
    """Have the recruiter asked about a participant who says that they are submitting the assignment.

    Anybody may say so, so nothing is believed and nothing is revealed: the recruiter is asked, once for a
    burst, about a participant of its own who has this assignment and has finished.
    """
    participant = _known(unit, participant_id)
    if participant is None or participant.assignment_id != assignment_id:
        return {}
    is_theirs = participant.recruiter.partition(":")[0] == recruiter
    if is_theirs and participant.end_time is not None and _is_open(unit, participant):
        name = f"fate-{participant.id}"
        unit.work.nudge(PollAssignment(participant.id), name, due=unit.now + SUBMITTING)
    return {}


def _known(unit: Unit, participant_id: int) -> Participant | None:
    try:
        return unit.work.participant(participant_id)
    except NotFound:
        return None


def take_fate(unit: Unit, participant_id: int, fate: str | None) -> None:
    """Take what a recruiter knows of somebody before their time is up; what it doesn't know is left."""
    participant = unit.work.participant(participant_id)
    if not _is_open(unit, participant):
        return
    if fate in ("submitted", "approved"):
        finish_participant(unit, participant_id)
    elif fate in ("returned", "abandoned", "rejected"):
        lose_participant(unit, participant_id, fate)


def _is_open(unit: Unit, participant: Participant) -> bool:
    if participant.status in SENT_OFF:
        return not is_paid_off(unit, participant)
    return participant.status == WORKING


def set_right(unit: Unit, participant_id: int, fate: str | None) -> None:
    """Give somebody whose time is up the status that the recruiter knows, or missing_notification.

    Who is still working there is asked about again for a while: the recruiter's time may be longer.
    """
    participant = unit.work.participant(participant_id)
    if not _is_open(unit, participant):
        return
    if fate in ("submitted", "approved") or _needs_no_report(unit, participant):
        finish_participant(unit, participant_id)
    elif fate in ("working", "abandoned") and can_be_handed_in(unit, participant):
        hand_in_for(unit, participant, is_offered_anew=fate == "abandoned")
    elif fate == "working" and unit.now < deadline(unit, participant) + PATIENCE:
        _look_again(unit, participant, unit.now + PAUSE)
    elif participant.status in SENT_OFF:
        pay_without_assignment(unit, participant, is_offered_anew=fate is not None)
    elif fate in ("returned", "abandoned", "rejected"):
        lose_participant(unit, participant_id, fate)
    else:
        _miss(unit, participant)


def _needs_no_report(unit: Unit, participant: Participant) -> bool:
    """Whether somebody who is owed pay can have it without the recruiter knowing of a submission."""
    came_to_an_end = participant.status in SENT_OFF or participant.end_time is not None
    return came_to_an_end and unit.recruiters.submits_itself(participant.recruiter)


def _miss(unit: Unit, participant: Participant) -> None:
    lose_participant(unit, participant.id, "missing_notification")
    budget.tell(unit, f"Participant {participant.id} ran out of time and the recruiter reports nothing.")
    if unit.config.get("disable_when_duration_exceeded"):
        unit.work.state["closed_by_operator"] = True
        close_places(unit)
