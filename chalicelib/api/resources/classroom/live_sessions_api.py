"""/api/v1/live-sessions: open a session, act as its host, and read what it shows and its result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import ID_TEXT, NoParameters
from chalicelib.errors import NotFound
from chalicelib.operations.live_sessions.host_actions import HostAction, act, kick
from chalicelib.operations.live_sessions.host_view import HostView, host_view
from chalicelib.operations.live_sessions.opening import (
    MAX_FIELD,
    MAX_PLAYERS,
    LiveSessionRow,
    OpenedLiveSession,
    list_sessions,
    open_session,
)
from chalicelib.operations.live_sessions.remote_control import RemoteControl, make_remote, revoke_remote
from chalicelib.operations.live_sessions.results import LiveResult, read_result
from chalicelib.operations.live_sessions.shared_results import MOST_DAYS, SharedResult, share_result
from chalicelib.operations.shared.access import read_canonical_id
from chalicelib.operations.shared.context import Context

RESOURCE: Final = "live-sessions"


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session to open."""

    custom_field: str = field(
        default="",
        metadata={
            "max": MAX_FIELD,
            "help": "What people fill in, too, such as `Student number`.",
        },
    )
    most_players: int = field(
        default=0,
        metadata={"min": 0, "max": MAX_PLAYERS, "help": "How many people can join; 0 for no limit."},
    )


@dataclass(frozen=True, slots=True)
class OneSession:
    """A session."""

    id: str = field(metadata=ID_TEXT)


@dataclass(frozen=True, slots=True)
class ActOnSession:
    """An action of the host."""

    id: str = field(metadata=ID_TEXT)
    action: HostAction
    shown: int = field(
        metadata={
            "min": 0,
            "max": 1000,
            "help": "`number` of live-sessions.read; refused when the session has gone on.",
        }
    )


@dataclass(frozen=True, slots=True)
class KickPlayer:
    """A player to remove."""

    id: str = field(metadata=ID_TEXT)
    seat: str = field(metadata={"min": 1, "max": 80})


@dataclass(frozen=True, slots=True)
class ShareSession:
    """A result to share."""

    id: str = field(metadata=ID_TEXT)
    days: int = field(default=30, metadata={"min": 1, "max": MOST_DAYS, "help": "How long the link works."})


@dataclass(frozen=True, slots=True)
class SessionList:
    """The newest live sessions."""

    sessions: list[LiveSessionRow]


@dataclass(frozen=True, slots=True)
class KickedPlayer:
    """The player who was removed."""

    seat: str


def _number(text: str) -> int:
    """Return the number of a session; NotFound for a text that isn't one."""
    number = read_canonical_id(text, "live session")
    if number is None:
        raise NotFound(f"There is no live session {text!r}.", code="live_session_not_found")
    return number


def _act(ctx: Context, asked: ActOnSession) -> HostView:
    number = _number(asked.id)
    act(ctx, number, HostAction(asked.action), asked.shown)
    return host_view(ctx, number)


def _kick(ctx: Context, asked: KickPlayer) -> KickedPlayer:
    kick(ctx, _number(asked.id), asked.seat)
    return KickedPlayer(asked.seat)


def _revoke(ctx: Context, asked: OneSession) -> OneSession:
    revoke_remote(ctx, _number(asked.id))
    return asked


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="live-sessions.list",
        method="GET",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=NoParameters,
        answer=SessionList,
        run=lambda ctx, _: SessionList(list_sessions(ctx)),
        summary="Lists the newest live sessions, newest first.",
    ),
    ApiOperation(
        name="live-sessions.open",
        method="POST",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.RUN_LIVE_SESSION,
        parameters=NewSession,
        answer=OpenedLiveSession,
        run=lambda ctx, asked: open_session(ctx, asked.custom_field, asked.most_players),
        summary="Opens a live session of the study; people join it with its PIN.",
    ),
    ApiOperation(
        name="live-sessions.read",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.RUN_LIVE_SESSION,
        parameters=OneSession,
        answer=HostView,
        run=lambda ctx, asked: host_view(ctx, _number(asked.id)),
        summary="Returns what the host's screen shows: the page, the answers, who leads.",
    ),
    ApiOperation(
        name="live-sessions.act",
        method="POST",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="act",
        right=Right.RUN_LIVE_SESSION,
        parameters=ActOnSession,
        answer=HostView,
        run=_act,
        summary="Opens the next page, shows answers or leaders, pauses, locks or ends a session.",
    ),
    ApiOperation(
        name="live-sessions.kick",
        method="POST",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="kick",
        right=Right.RUN_LIVE_SESSION,
        parameters=KickPlayer,
        answer=KickedPlayer,
        run=_kick,
        summary="Removes a player from a session; their part ends, with pay where there is pay.",
    ),
    ApiOperation(
        name="live-sessions.remote",
        method="POST",
        records_itself=True,
        has_secret_answer=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="remote",
        right=Right.RUN_LIVE_SESSION,
        parameters=OneSession,
        answer=RemoteControl,
        run=lambda ctx, asked: make_remote(ctx, _number(asked.id)),
        summary="Returns a link with which a second device acts as the host; an earlier link ends.",
    ),
    ApiOperation(
        name="live-sessions.revoke-remote",
        method="DELETE",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="remote",
        right=Right.RUN_LIVE_SESSION,
        parameters=OneSession,
        answer=OneSession,
        run=_revoke,
        summary="Ends the remote control of a session.",
    ),
    ApiOperation(
        name="live-sessions.share",
        method="POST",
        records_itself=True,
        has_secret_answer=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="share",
        right=Right.EXPORT,
        parameters=ShareSession,
        answer=SharedResult,
        run=lambda ctx, asked: share_result(ctx, _number(asked.id), asked.days),
        summary="Returns a link to names and points of a session that is over, which expires.",
    ),
    ApiOperation(
        name="live-sessions.result",
        method="GET",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="result",
        right=Right.VIEW,
        parameters=OneSession,
        answer=LiveResult,
        run=lambda ctx, asked: read_result(ctx, _number(asked.id)),
        summary="Returns the players, questions and answers of a session; after its end they are frozen.",
    ),
)
