"""Carries out the dropout policy of a group for a member who has disconnected, and lets a member return."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from chalicelib.messages import Autoplay, StartReplacementBot
from chalicelib.model.participant import Participant
from chalicelib.model.statuses import VisitStatus
from chalicelib.operations.realtime.dropouts import is_disconnected, record_return
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.live_data import away_members
from chalicelib.operations.study.books.reading_progress import book_around
from chalicelib.operations.study.flow.early_end import last_shared, may_gather
from chalicelib.operations.study.flow.members import end_early, living_members
from chalicelib.operations.study.flow.moves import DROPOUT, element_at, ring, stop_with_pay
from chalicelib.operations.study.flow.time_limits import play_for_departed
from chalicelib.operations.study.flow.visits import end_visit
from chalicelib.operations.study.shared.group_clock import patient_group
from chalicelib.operations.study.shared.study_context import Pending, moment_of, session_of, study_of
from chalicelib.study.elements import Chat, Element, Group, Live, Wait
from chalicelib.study.elements.interaction import AUTOPLAY, BOT, END, GO_ON, WAIT
from chalicelib.study.items.markup import marked
from chalicelib.study.plan import parse_path
from chalicelib.study.player import StudyGroup
from chalicelib.study.study_records import Place

from .leaving import leave_study

#: The recruiter that starts replacement bots.
BOTS = "bots"
LEFT_BEHIND = marked(
    "You were away for too long, so your group has gone on without you. You are paid for your time, and keep "
    "what you have earned."
)


def follow_presence(ctx: Context, participant_id: int) -> list[Pending]:
    """Carry out the dropout policy for a member who has disconnected, or let one return who is back.

    The message that calls this is posted when a member disconnects, when they return, and when the patience
    of their group is over. Each time, what is stored by then decides, so a late message changes nothing.

    Returns:
        What to check after the commit.

    """
    session = session_of(ctx)
    session.prefetch([participant_id])
    place = session.find_place(participant_id)
    participant = ctx.uow.participant(participant_id)
    if place is None or place.ended is not None or not participant.is_working:
        return []
    waiting: Iterable[Pending | None] = []
    if not is_disconnected(participant):
        come_back(ctx, place)
    elif book_around(ctx, place) is None:
        # Readers of a book may be away for days, and aren't dropouts.
        waiting = _carry_out(ctx, participant, place)
    _tell_chat(ctx, place)
    session.flush()
    return [one for one in waiting if one is not None]


def come_back(ctx: Context, place: Place) -> None:
    """Record that a member is there: no defaults are used for them, and their group doesn't wait for them."""
    place.gone = False
    group = patient_group(ctx, place)
    if group is not None and group.stored.end_absence(place.participant_id, ctx.now):
        # Their request may come before their socket is open.
        record_return(ctx, ctx.uow.participant(place.participant_id))
        ring(ctx, living_members(ctx, group), f"back{group.id}|{place.participant_id}|{ctx.now.timestamp()}")


def _carry_out(ctx: Context, participant: Participant, place: Place) -> Iterable[Pending | None]:
    group = session_of(ctx).group(place.network_id) if place.in_group and place.network_id else None
    policy = _policy(ctx, group)
    if policy == AUTOPLAY:
        return [play_for_departed(ctx, place)]
    if group is not None and (group.stored.stopped is not None or not _needs_group(ctx, place)):
        # A participant who closes a page behind everything that the group shares goes on when they return.
        return []
    if policy == WAIT:
        return [] if group is None else _wait(ctx, participant, place, group)
    if policy == END:
        _end(ctx, place, group)
    elif policy == BOT and _can_be_replaced(ctx, participant):
        ctx.uow.post(StartReplacementBot(participant.id))
    elif policy in (BOT, GO_ON):
        return _go_on_without(ctx, participant, place)
    return []


def _tell_chat(ctx: Context, place: Place) -> None:
    """Tell the pages of a chat who is away, if the participant is in one."""
    if isinstance(element_at(ctx, place.path), Chat) and place.in_group and place.network_id is not None:
        group = session_of(ctx).group(place.network_id)
        group.tell({"path": place.path, "away": away_members(ctx, place.path, group)})


def _policy(ctx: Context, group: StudyGroup | None) -> str:
    """Return the dropout policy of a group: that of its element, else the study's."""
    element = None if group is None else element_at(ctx, group.stored.element)
    own = element.dropout_policy if isinstance(element, Group) else ""
    return own or study_of(ctx).dropout_policy


def _needs_group(ctx: Context, place: Place) -> bool:
    """Whether a participant is at an element that members share, or one may follow."""
    following = [step.element for step in study_of(ctx).plan().may_follow(parse_path(place.path))]
    return any(isinstance(one, Wait | Live | Chat) for one in (element_at(ctx, place.path), *following))


def _wait(ctx: Context, participant: Participant, place: Place, group: StudyGroup) -> Iterable[Pending]:
    """Let the group wait for a member; after its patience, let it go on without them."""
    patience = _patience(element_at(ctx, group.stored.element))
    if patience is None:
        return []
    since = moment_of(group.stored.away.get(str(participant.id)))
    if since is None:
        group.stored.begin_absence(participant.id, ctx.now)
        ring(ctx, living_members(ctx, group), f"away{group.id}|{participant.id}|{ctx.now.timestamp()}")
        since = ctx.now
    if ctx.now >= since + patience:
        return _go_on_without(ctx, participant, place)
    ctx.uow.post(Autoplay(participant.id), due=since + patience)
    return []


def _end(ctx: Context, place: Place, group: StudyGroup | None) -> None:
    """End the group of a member who has disconnected: all go on behind what they share.

    The member's own part ends, with pay, where another group may follow, whose members would wait for them.
    """
    is_sharing = group is not None and last_shared(ctx, place) is not None
    if group is None or may_gather(ctx, place):
        stop_with_pay(ctx, place, LEFT_BEHIND, DROPOUT)
    if group is not None and is_sharing and group.stored.ended_early is None:
        end_early(ctx, group, f"participant {place.participant_id} has disconnected")


def _patience(element: Element | None) -> timedelta | None:
    seconds = element.patience_seconds if isinstance(element, Group) else None
    return None if seconds is None else timedelta(seconds=seconds)


def _can_be_replaced(ctx: Context, participant: Participant) -> bool:
    """Whether a bot can play for a participant: they have agreed to it, and this host can start bots."""
    has_agreed = bool(participant.consent and participant.consent.get("bots"))
    return has_agreed and ctx.recruiters.capabilities(BOTS).starts_replacement_bots


def _go_on_without(ctx: Context, participant: Participant, place: Place) -> list[Pending]:
    """End the part of a member whose group goes on; they keep their pay, and see why when they return."""
    ctx.seed(participant, "dropout", len(participant.node_ids))
    ctx.uow.declare_scope(*participant.node_ids)
    place.message = LEFT_BEHIND
    study_of(ctx).fail_participant(participant)
    if place.visit > 1:
        end_visit(ctx, participant, place, VisitStatus.STOPPED)
    return leave_study(ctx, participant.id)
