"""Gives the operations of studies their study and its session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.errors import NotFound, Unauthorized
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso
from chalicelib.operations.shared.access import calling_participant
from chalicelib.operations.shared.context import Context
from chalicelib.study.study import Study
from chalicelib.study.study_records import Place
from chalicelib.study.study_session import StudySession


@dataclass(frozen=True, slots=True)
class Pending:
    """What to check in a commit of its own, after the one that brought a participant to a wait."""

    #: The path of the element at which the participant waits.
    path: str
    #: The participant; None to look for all who wait there.
    participant_id: int | None = None
    #: The group, at a Wait; None at a Group.
    network_id: int | None = None
    #: Whether the participant waits for a place in a network.
    joins: bool = False
    #: Whether the participant waits for answers of others to grade.
    grades: bool = False
    #: The members of the group, as far as their place names them.
    mates: tuple[int, ...] = ()


def study_of(ctx: Context) -> Study:
    """Return the study; NotFound when the experiment isn't one."""
    if not isinstance(ctx.experiment, Study):
        raise NotFound("This experiment has no pages of this kind: it isn't a Study.", code="not_a_study")
    return ctx.experiment


def session_of(ctx: Context) -> StudySession:
    """Return the study's session of this request."""
    session = study_of(ctx).session
    if not session.moment:
        session.run_seed = ctx.run_seed
        session.moment = str(iso(ctx.now))
    return session


def own_place(ctx: Context) -> tuple[Participant, Place | None]:
    """Return the calling participant and their place, read in one call."""
    session = session_of(ctx)
    if ctx.caller.participant_id is not None:
        session.prefetch([ctx.caller.participant_id])
    participant = calling_participant(ctx)
    if participant is None:
        raise Unauthorized(
            "This request requires a participant's token, which creating the participant returned: "
            "send Authorization: Bearer <token>."
        )
    return participant, session.find_place(participant.id)


def moment_of(text: str | None) -> datetime | None:
    """Parse a stored moment."""
    return None if text is None else datetime.fromisoformat(text)


def later(now: datetime, seconds: float) -> str:
    """Return the moment `seconds` after another one, as stored."""
    return iso(now + timedelta(seconds=seconds))
