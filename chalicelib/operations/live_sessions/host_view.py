"""What the host's screen shows: the page, how many have answered, the answers, and who leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.live_gate import GRACE
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.study.elements import Page
from chalicelib.study.live_sessions.live_session_records import LiveAnswer, LivePhase, LivePlayer, LiveSession
from chalicelib.study.plan import parse_path

from .answer_bars import ItemBars, bars_of
from .host_actions import HostAction
from .results import PlayerResult
from .session_records import answers_to, players_of, read_session

#: How many players the leader board shows.
MOST_LEADERS: Final = 10
_WITH_LEADERS: Final = frozenset({LivePhase.LEADERS, LivePhase.FINISHED})
#: How many names the lobby shows.
MOST_NAMES: Final = 400


#: What the host's buttons say, by phase, in order; the first is the usual next step.
_BUTTONS: Final[Mapping[LivePhase, tuple[tuple[HostAction, str], ...]]] = MappingProxyType(
    {
        LivePhase.LOBBY: ((HostAction.NEXT, "Begin"),),
        LivePhase.QUESTION: ((HostAction.ANSWERS, "Show answers"),),
        LivePhase.ANSWERS: ((HostAction.SOLUTION, "Show solution"), (HostAction.NEXT, "Next page")),
        LivePhase.SOLUTION: ((HostAction.LEADERS, "Leader board"), (HostAction.NEXT, "Next page")),
        LivePhase.LEADERS: ((HostAction.NEXT, "Next page"),),
        LivePhase.FINISHED: (),
    }
)


@dataclass(frozen=True, slots=True)
class RankedPlayer:
    """A player and their score; players with the same score share a rank."""

    rank: int
    seat: str
    name: str
    score: int
    right: int
    answered: int


@dataclass(frozen=True, slots=True)
class JoinedPlayer:
    """A player of the session."""

    seat: str
    name: str
    participant_id: int | None
    has_answered: bool


@dataclass(frozen=True, slots=True)
class HostView:
    """A live session as its host sees it."""

    id: int
    pin: str
    phase: LivePhase
    number: int = field(metadata={"help": "The number of the page that is shown, from 1; 0 in the lobby."})
    pages: int
    page: str
    title: str
    is_paused: bool
    is_locked: bool
    seconds_left: float | None
    is_time_up: bool
    players: list[JoinedPlayer]
    answered: int
    has_everyone_answered: bool
    items: list[ItemBars]
    has_bars: bool = field(metadata={"help": "Whether the answers are shown now."})
    are_bars_open: bool = field(metadata={"help": "Whether they are shown while a page is open, too."})
    leaders: list[RankedPlayer]
    custom_field: str
    most_players: int = field(metadata={"help": "How many people can join; 0 for no limit."})
    has_remote: bool = field(metadata={"help": "Whether a second device can act as the host."})
    join_address: str


def host_view(ctx: Context, number: int) -> HostView:
    """Return what the screen of a session's host shows now."""
    require_right(ctx, Right.RUN_LIVE_SESSION)
    session = read_session(ctx, number)
    players = [one for one in players_of(ctx, number) if not one.kicked]
    answers = _answers_of(ctx, session, players)
    page = page_of(ctx, session)
    phase = LivePhase(session.phase)
    is_open = phase == LivePhase.QUESTION
    is_over = phase == LivePhase.FINISHED
    joined = _joined(players, answers)
    return HostView(
        id=number,
        pin="" if is_over else session.pin,
        phase=phase,
        number=session.position + 1,
        pages=len(session.paths),
        page=page.name if page else "",
        title=page.title if page else "",
        is_paused=session.paused_at is not None,
        is_locked=session.locked,
        seconds_left=session.seconds_left(ctx.now) if is_open else None,
        is_time_up=is_open and not session.is_open(ctx.now, GRACE),
        players=joined[:MOST_NAMES],
        answered=len(answers),
        has_everyone_answered=_have_all_answered(joined),
        items=_items(ctx, session, page, answers),
        has_bars=_has_bars(session),
        are_bars_open=session.bars_open,
        leaders=ranked(players)[:MOST_LEADERS] if phase in _WITH_LEADERS else [],
        custom_field=session.custom_field,
        most_players=session.most_players,
        has_remote=bool(session.remote),
        # The same host as of entry links, without what identifies a person.
        join_address=ctx.recruiters.entry_address("link", "host", "join").partition("?")[0],
    )


def _answers_of(ctx: Context, session: LiveSession, players: list[LivePlayer]) -> list[LiveAnswer]:
    """Return the answers to the page that is shown, as in the result without those of removed players."""
    if session.position < 0:
        return []
    seats = {one.seat for one in players}
    return [one for one in answers_to(ctx, session.number, session.position) if one.seat in seats]


def _have_all_answered(players: Sequence[JoinedPlayer]) -> bool:
    present = [one for one in players if one.participant_id is not None]
    return bool(present) and all(one.has_answered for one in present)


def _joined(players: list[LivePlayer], answers: list[LiveAnswer]) -> list[JoinedPlayer]:
    seats = {one.seat for one in answers}
    return [JoinedPlayer(one.seat, one.name, one.participant_id, one.seat in seats) for one in players]


def page_of(ctx: Context, session: LiveSession) -> Page | None:
    """Return the page that a session shows; None in the lobby, and for one that the study has lost."""
    if not 0 <= session.position < len(session.paths):
        return None
    step = study_of(ctx).plan().find(parse_path(session.paths[session.position]))
    return step.element if step is not None and isinstance(step.element, Page) else None


def _has_bars(session: LiveSession) -> bool:
    """Whether the screen shows answers: once the host shows them, or as they come if the host wants so."""
    return session.bars_open or session.phase != LivePhase.QUESTION


def _items(
    ctx: Context, session: LiveSession, page: Page | None, answers: list[LiveAnswer]
) -> list[ItemBars]:
    """Return the items of the page, with their answers if the screen shows them."""
    phase = LivePhase(session.phase)
    if page is None or phase == LivePhase.FINISHED:
        return []
    shown = answers if _has_bars(session) else []
    is_solved = phase in (LivePhase.SOLUTION, LivePhase.LEADERS)
    found = study_of(ctx).items_of(page)
    return [bars_of(name, item, shown, is_solved=is_solved) for name, item in found.items()]


def ranked(players: Sequence[LivePlayer | PlayerResult]) -> list[RankedPlayer]:
    """Return the players by score; those with the same score share a rank, as in sports."""
    ordered = sorted(players, key=lambda one: (-one.score, -one.right, one.name.casefold()))
    ranks: list[RankedPlayer] = []
    for place, one in enumerate(ordered, 1):
        tied = ranks[-1].rank if ranks and ranks[-1].score == one.score else place
        ranks.append(RankedPlayer(tied, one.seat, one.name, one.score, one.right, one.answered))
    return ranks


def buttons_of(view: HostView) -> list[tuple[str, str]]:
    """Return the actions that are the usual next ones, with what their buttons say."""
    named = {HostAction.NEXT: "Finish"} if view.number == view.pages else {}
    return [(action.value, named.get(action, text)) for action, text in _BUTTONS[view.phase]]
