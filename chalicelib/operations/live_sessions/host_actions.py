"""What the host of a live session does: open the next page, end its time, show answers, pause, end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.errors import InvalidState, NotFound
from chalicelib.messages import EndLiveSessions, FollowHost, FreezeLiveResult
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.hosted_answers import find_player, store_player
from chalicelib.operations.study.groups.stopping import release_from_study
from chalicelib.operations.study.shared.study_context import later, study_of
from chalicelib.serializable import copy_json
from chalicelib.study.elements import Page
from chalicelib.study.live_sessions.live_session_records import LivePhase, LiveSession
from chalicelib.study.plan import parse_path

from .player_names import folded
from .session_records import players_of, read_session, ring_players, store_session

#: How many sessions one commit ends at most when the run is stopped: each writes up to four items, of which
#: DynamoDB takes 100.
ENDED_PER_COMMIT: Final = 15
#: How long after the end of a session its result is frozen, in seconds: answers may be on their way.
FREEZE_AFTER: Final = 10


class HostAction(StrEnum):
    """What a host does; the state machine of a session."""

    NEXT = "next"
    ANSWERS = "answers"
    SOLUTION = "solution"
    LEADERS = "leaders"
    PAUSE = "pause"
    RESUME = "resume"
    LOCK = "lock"
    UNLOCK = "unlock"
    SHOW_BARS = "show-bars"
    HIDE_BARS = "hide-bars"
    FINISH = "finish"


#: The phases in which an action is possible; all others apply until the session is over.
_FROM: Final[Mapping[HostAction, frozenset[LivePhase]]] = MappingProxyType(
    {
        HostAction.ANSWERS: frozenset({LivePhase.QUESTION, LivePhase.SOLUTION, LivePhase.LEADERS}),
        HostAction.SOLUTION: frozenset({LivePhase.QUESTION, LivePhase.ANSWERS, LivePhase.LEADERS}),
        HostAction.LEADERS: frozenset({LivePhase.QUESTION, LivePhase.ANSWERS, LivePhase.SOLUTION}),
        HostAction.PAUSE: frozenset({LivePhase.QUESTION}),
        HostAction.RESUME: frozenset({LivePhase.QUESTION}),
    }
)
_SHOWS: Final[Mapping[HostAction, LivePhase]] = MappingProxyType(
    {
        HostAction.ANSWERS: LivePhase.ANSWERS,
        HostAction.SOLUTION: LivePhase.SOLUTION,
        HostAction.LEADERS: LivePhase.LEADERS,
    }
)


#: Actions after which players leave a page.
_MOVES: Final = frozenset({HostAction.NEXT, HostAction.FINISH})


def act(ctx: Context, number: int, action: HostAction, shown: int) -> LiveSession:
    """Carry out an action of the host.

    `shown`: the number of the page on the host's screen, 0 in the lobby. A button that is pressed twice, or
    on two devices at once, acts once: InvalidState when the session has gone on.
    """
    require_right(ctx, Right.RUN_LIVE_SESSION)
    session = read_session(ctx, number)
    _check(session, action, shown)
    _ACTIONS[action](ctx, session)
    store_session(ctx, session)
    ring_players(ctx, session, players_of(ctx, number))
    if action in _MOVES and study_of(ctx).plan().has_groups:
        ctx.uow.post(FollowHost(number, session.position))
    record_change(
        ctx,
        "live-sessions.act",
        records=[("live-sessions", str(number))],
        fields={"action": action.value, "page": session.position + 1},
    )
    return session


def require_going_on(session: LiveSession) -> None:
    """Raise InvalidState when a session is over."""
    if session.phase == LivePhase.FINISHED:
        raise InvalidState("This session is over.", code="session_over")


def _check(session: LiveSession, action: HostAction, shown: int) -> None:
    require_going_on(session)
    if shown != session.position + 1:
        raise InvalidState(
            "The session has gone on meanwhile, maybe on another device. Look at the page again.",
            code="session_went_on",
        )
    if LivePhase(session.phase) not in _FROM.get(action, frozenset(LivePhase)):
        raise InvalidState(
            f"That isn't possible now: the session shows {session.phase}. Open a page first.",
            code="phase_wrong",
        )


def _next(ctx: Context, session: LiveSession) -> None:
    """Open the next page, or end the session after the last one."""
    if session.position + 1 >= len(session.paths):
        _finish(ctx, session)
        return
    session.position += 1
    session.phase = LivePhase.QUESTION
    session.question_at, session.paused_at = iso(ctx.now), None
    seconds = seconds_of_page(ctx, session)
    session.until = None if seconds is None else later(ctx.now, seconds)


def seconds_of_page(ctx: Context, session: LiveSession) -> float | None:
    """Return the time limit of the page that is shown; None when it has none, or isn't in the study now."""
    step = study_of(ctx).plan().find(parse_path(session.paths[session.position]))
    return step.element.seconds if step is not None and isinstance(step.element, Page) else None


def _show(phase: LivePhase) -> Callable[[Context, LiveSession], None]:
    def show(ctx: Context, session: LiveSession) -> None:
        del ctx
        session.phase, session.paused_at = phase, None

    return show


def _pause(ctx: Context, session: LiveSession) -> None:
    session.pause(ctx.now)


def _resume(ctx: Context, session: LiveSession) -> None:
    session.resume(ctx.now)


def _lock(ctx: Context, session: LiveSession) -> None:
    del ctx
    session.locked = True


def _unlock(ctx: Context, session: LiveSession) -> None:
    del ctx
    session.locked = False


def _show_bars(ctx: Context, session: LiveSession) -> None:
    del ctx
    session.bars_open = True


def _hide_bars(ctx: Context, session: LiveSession) -> None:
    del ctx
    session.bars_open = False


def _finish(ctx: Context, session: LiveSession) -> None:
    session.phase, session.paused_at = LivePhase.FINISHED, None
    session.finished_at = iso(ctx.now)
    ctx.uow.delete_item(keys.live_pin(session.pin))
    ctx.uow.post(FreezeLiveResult(session.number), due=ctx.now + timedelta(seconds=FREEZE_AFTER))


_ACTIONS: Final[Mapping[HostAction, Callable[[Context, LiveSession], None]]] = MappingProxyType(
    {
        HostAction.NEXT: _next,
        **{action: _show(phase) for action, phase in _SHOWS.items()},
        HostAction.PAUSE: _pause,
        HostAction.RESUME: _resume,
        HostAction.LOCK: _lock,
        HostAction.UNLOCK: _unlock,
        HostAction.SHOW_BARS: _show_bars,
        HostAction.HIDE_BARS: _hide_bars,
        HostAction.FINISH: _finish,
    }
)


def finish_all(ctx: Context, after: str = "") -> None:
    """End all sessions that are open, as the operator stops the run; their players go on in the study.

    The newest end in this commit, and a message ends the others. `after`: the key of the session behind which
    they are, from the newest to the oldest.
    """
    page = ctx.uow.page(keys.LIVE_SESSIONS, after=after or None, limit=ENDED_PER_COMMIT, newest_first=True)
    for item in page.items:
        session = LiveSession.from_item(copy_json(dict(item)))
        if session.phase == LivePhase.FINISHED:
            continue
        session = read_session(ctx, session.number)
        if session.phase == LivePhase.FINISHED:
            # A list can lack what was just written.
            continue
        _finish(ctx, session)
        store_session(ctx, session)
        ring_players(ctx, session, players_of(ctx, session.number))
        if study_of(ctx).plan().has_groups:
            ctx.uow.post(FollowHost(session.number, session.position))
    if page.after is not None:
        ctx.uow.post(EndLiveSessions(page.after))


def kick(ctx: Context, number: int, seat: str) -> None:
    """Remove a player from a session; their part of the study ends, with pay where there is pay."""
    require_right(ctx, Right.RUN_LIVE_SESSION)
    session = read_session(ctx, number)
    player = find_player(ctx, seat)
    if player is None or player.session != session.number:
        raise NotFound(f"No player with seat {seat!r} is in session {number}.", code="player_not_found")
    if not player.kicked:
        player.kicked = True
        if player.place:
            ctx.uow.delete_item(keys.live_place(number, player.place))
        if player.participant_id is None:
            # They are not a participant whose data could be erased later.
            ctx.uow.delete_item(keys.live_name(number, folded(player.name)))
            player.name = player.custom = ""
        else:
            release_from_study(ctx, player.participant_id)
        store_player(ctx, player)
    # Not the seat: it is the worker id, which the audit log would keep after an erasure.
    record_change(
        ctx,
        "live-sessions.kick",
        records=[("live-sessions", str(number))],
        fields={"participant_id": player.participant_id},
    )
