"""Later sessions of studies as people manage them: opened before their time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.errors import InvalidState, RuleBroken
from chalicelib.model.record import moment
from chalicelib.operations.management.participant_actions import participant_named
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session that a participant can begin now."""

    participant_id: int
    session: str
    opens_at: datetime | None
    closes_at: datetime | None


def open_next_session(ctx: Context, participant_id: str) -> OpenedSession:
    """Open a participant's next session now, and remind them; InvalidState when there is none to open."""
    participant = participant_named(ctx, participant_id)
    if as_study(ctx.experiment) is None:
        raise InvalidState("This experiment isn't a study, so it has no later sessions.")
    # Lazy import: only studies need their modules.
    from chalicelib.operations.study.flow.early_opening import open_session_now

    try:
        visit = open_session_now(ctx, participant.id)
    except RuleBroken as error:
        raise InvalidState(str(error)) from error
    return OpenedSession(participant.id, visit.session, moment(visit.opens_at), moment(visit.closes_at))
