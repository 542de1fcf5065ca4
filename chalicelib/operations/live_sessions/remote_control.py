"""A second device as remote control of a live session: a link with a code, which the host can revoke."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

from chalicelib.access.rights import Actor, Right
from chalicelib.errors import Forbidden, NotFound
from chalicelib.operations.accounts.actors import digest_of
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.study.live_sessions.live_session_records import LivePhase

from .host_actions import require_going_on
from .session_records import read_session, store_session

#: Random bytes of a code.
_ENTROPY: Final = 15


@dataclass(frozen=True, slots=True)
class RemoteControl:
    """The link of a second device."""

    address: str = field(metadata={"help": "Open it on a phone. A new link revokes the one before."})


def make_remote(ctx: Context, number: int) -> RemoteControl:
    """Return the link with which a second device acts as the host of this session; earlier ones end."""
    require_right(ctx, Right.RUN_LIVE_SESSION)
    session = read_session(ctx, number)
    require_going_on(session)
    code = secrets.token_urlsafe(_ENTROPY)
    session.remote = digest_of(code)
    store_session(ctx, session)
    record_change(ctx, "live-sessions.make_remote", records=[("live-sessions", str(number))])
    site = ctx.recruiters.entry_address("link", "host", "join").partition("?")[0]
    return RemoteControl(f"{site}/remote/{number}-{code}")


def revoke_remote(ctx: Context, number: int) -> None:
    """End the remote control of a session."""
    require_right(ctx, Right.RUN_LIVE_SESSION)
    session = read_session(ctx, number)
    session.remote = ""
    store_session(ctx, session)
    record_change(ctx, "live-sessions.revoke_remote", records=[("live-sessions", str(number))])


def host_of(ctx: Context, code: str) -> tuple[int, Actor]:
    """Return the session that a code controls, and the actor that acts with it.

    Forbidden for a code that was revoked, or that this run hasn't made, and after the end of the session.
    """
    text, _, secret = code.partition("-")
    unknown = Forbidden(
        "This remote control isn't valid any more. Ask the host for a new link.", code="remote_unknown"
    )
    if not text.isdecimal() or len(text) > len(str(10**9)):
        raise unknown
    try:
        session = read_session(ctx, int(text))
    except NotFound:
        raise unknown from None
    is_valid = hmac.compare_digest(session.remote.encode(), digest_of(secret).encode())
    if not session.remote or not is_valid or session.phase == LivePhase.FINISHED:
        raise unknown
    name = f"Remote control of session {session.number}"
    return session.number, Actor(f"remote:{session.number}", name, frozenset({Right.RUN_LIVE_SESSION}))
