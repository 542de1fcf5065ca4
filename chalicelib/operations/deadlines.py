"""Participants whose time is up: what became of them is asked at the recruiter, and set right.

Each participant's deadline is one message, recorded when they begin and due when their time is up: nobody
is looked for by a sweep.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from chalicelib.model.participant import WORKING, Participant

from . import budget
from .finish_participant import finish_participant, lose_participant
from .recruitment import close_places, facts_of
from .unit import Unit

#: How long after the end of `duration` a report may still be on its way.
GRACE = timedelta(minutes=2)


def deadline(unit: Unit, participant: Participant) -> datetime:
    """When a participant's time is up."""
    return participant.creation_time + timedelta(hours=float(unit.config.get("duration") or 1.0))


def set_deadline(unit: Unit, participant: Participant) -> None:
    """Have a newcomer looked after when their time is up."""
    due = deadline(unit, participant) + GRACE
    unit.work.post({"kind": "deadline", "participant_id": participant.id}, due=due)


def who_is_late(unit: Unit, participant_id: int) -> tuple[str, str, dict[str, Any]] | None:
    """Return recruiter, assignment and the recruiter's facts of somebody who is still working; or None."""
    participant = unit.work.participant(participant_id)
    if participant.status != WORKING:
        return None
    return participant.recruiter, participant.assignment_id, facts_of(unit, participant.recruiter)


def set_right(unit: Unit, participant_id: int, fate: str | None) -> None:
    """Give somebody whose time is up the status that the recruiter knows, or missing_notification."""
    participant = unit.work.participant(participant_id)
    if participant.status != WORKING:
        return
    if fate in ("submitted", "approved"):
        finish_participant(unit, participant_id)
    elif fate in ("returned", "abandoned", "rejected"):
        lose_participant(unit, participant_id, fate)
    else:
        lose_participant(unit, participant_id, "missing_notification")
        budget.tell(unit, f"Participant {participant_id} ran out of time and the recruiter reports nothing.")
        if unit.config.get("disable_when_duration_exceeded"):
            unit.work.state["closed_by_operator"] = True
            close_places(unit)
