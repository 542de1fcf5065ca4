"""Dispatches the effects of hooks (recruit, publish, call later) as messages of the hook's own commit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from chalicelib.errors import PetriError
from chalicelib.experiment.effects import (
    CallLater,
    DismissGroup,
    Effect,
    FollowPresence,
    LeaveStudy,
    PublishData,
    Recruit,
    ReplaceWithBot,
    ScreenOut,
    StopRecruiting,
)
from chalicelib.experiment.experiment import Experiment
from chalicelib.messages import (
    Autoplay,
    CarryOutRecruitment,
    EndGroup,
    FollowUp,
    ProcessSubmission,
    Publish,
    ReleaseSeat,
    RunTimer,
    StartReplacementBot,
)
from chalicelib.operations.shared.context import Context

from .recruitment import CLOSE, RECRUIT


def dispatch_effects(ctx: Context, effects: Iterable[Effect]) -> None:
    """Post a message for each effect, in order; effects that these effects cause follow at the end.

    Requests to recruiters go into one message and are decided in a commit of its own: it changes state that
    all requests share, and a hook shouldn't be retried because another request recruits.
    """
    requests: list[tuple[str, int]] = []
    for effect in effects:
        match effect:
            case Recruit(n):
                requests.append((RECRUIT, n))
            case StopRecruiting():
                requests.append((CLOSE, 0))
            case _:
                _post(ctx, effect)
    if requests:
        ctx.uow.post(CarryOutRecruitment(tuple(requests)))


def _post(ctx: Context, effect: Effect) -> None:
    match effect:
        case PublishData(channel, data):
            ctx.uow.post(Publish(channel, data))
        case CallLater(seconds, method, arguments):
            due = ctx.now + timedelta(seconds=seconds)
            ctx.uow.post(RunTimer(method, arguments, ctx.timer_chain), due=due)
        case ReplaceWithBot(participant_id):
            ctx.uow.post(StartReplacementBot(participant_id))
        case DismissGroup(participant_id):
            ctx.uow.post(EndGroup(participant_id))
        case LeaveStudy(participant_id):
            ctx.uow.post(ReleaseSeat(participant_id))
        case FollowPresence(participant_id):
            ctx.uow.post(Autoplay(participant_id))
        case ScreenOut(participant_id):
            _screen_out(ctx, participant_id)
        case _:
            raise PetriError(f"No message is posted for the effect {effect!r}; add one to _post().")


def _screen_out(ctx: Context, participant_id: int) -> None:
    """Recruit a replacement, and pay the fee at once where no recruiter has to report a submission first.

    Where the participant returns the assignment, the recruiter itself offers it to another worker. Effects of
    the experiment here are dispatched with the others.
    """
    participant = ctx.uow.participant(participant_id)
    if not ctx.recruiters.capabilities(participant.recruiter).pays_any_submission:
        if type(ctx.experiment).recruit is Experiment.recruit:
            ctx.experiment.recruit()
        else:
            # An author's method, or a study's, can count participants: after the commit, this one is out.
            ctx.uow.post(FollowUp(participant.id, RECRUIT))
    if ctx.recruiters.capabilities(participant.recruiter).screens_out_at_once:
        ctx.uow.post(ProcessSubmission(participant.id))
