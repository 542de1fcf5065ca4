"""The effects of hooks (recruit, publish, call me later) become messages of the hook's own commit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from chalicelib.experiment.effects import (
    CallLater,
    DismissGroup,
    Effect,
    PublishData,
    Recruit,
    ReplaceWithBot,
    ScreenOut,
    StopRecruiting,
)
from chalicelib.messages import (
    CarryOutRecruitment,
    EndGroup,
    ProcessSubmission,
    Publish,
    RecruitReplacement,
    RunTimer,
)
from chalicelib.model.errors import PetriError
from chalicelib.operations.recruitment import CLOSE, RECRUIT
from chalicelib.operations.unit import Unit


def dispatch(unit: Unit, effects: Iterable[Effect]) -> None:
    """Post a message for each effect, in order; effects that these effects have follow at the end.

    What is asked of recruiters goes into one message and is decided on in a commit of its own: it changes
    what all requests share, and a hook need not run again because another request recruits.
    """
    requests: list[tuple[str, int]] = []
    for effect in effects:
        match effect:
            case Recruit(n):
                requests.append((RECRUIT, n))
            case StopRecruiting():
                requests.append((CLOSE, 0))
            case _:
                _post(unit, effect)
    if requests:
        unit.work.post(CarryOutRecruitment(tuple(requests)))


def _post(unit: Unit, effect: Effect) -> None:
    match effect:
        case PublishData(channel, data):
            unit.work.post(Publish(channel, data))
        case CallLater(seconds, method, arguments):
            due = unit.now + timedelta(seconds=seconds)
            unit.work.post(RunTimer(method, arguments, unit.timer_chain), due=due)
        case ReplaceWithBot(participant_id):
            unit.work.post(RecruitReplacement(participant_id))
        case DismissGroup(participant_id):
            unit.work.post(EndGroup(participant_id))
        case ScreenOut(participant_id):
            _screen_out(unit, participant_id)
        case _:
            raise PetriError(f"No message is posted for the effect {effect!r}; add one to dispatch().")


def _screen_out(unit: Unit, participant_id: int) -> None:
    """Have the fee paid at once where no recruiter has to report a submission first, and ask for another.

    Where the assignment is to be given back, its recruiter offers it to another by itself. What the
    experiment asks for here is dispatched with the rest.
    """
    participant = unit.work.participant(participant_id)
    if not unit.recruiters.pays_any_submission(participant.recruiter):
        unit.experiment.recruit()
    if unit.recruiters.screens_out_itself(participant.recruiter):
        unit.work.post(ProcessSubmission(participant.id))
