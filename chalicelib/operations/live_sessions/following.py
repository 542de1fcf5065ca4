"""Lets members of groups whose pages send no request follow the host: the others may wait for them."""

from __future__ import annotations

from typing import Final

from chalicelib.messages import FollowHost
from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.flow.hosting import follow_host
from chalicelib.operations.study.flow.moves import pending_at
from chalicelib.operations.study.shared.study_context import Pending, session_of
from chalicelib.study.live_sessions.live_session_records import LivePlayer

from .session_records import read_session

#: How many players follow in one commit: up to five writes each.
PER_COMMIT: Final = 16


def follow_in_groups(ctx: Context, number: int, position: int, after: str) -> list[Pending]:
    """Let some players who are in groups follow the host; return what to check after the commit.

    A message of an earlier page does nothing: the one of this page follows it.
    """
    session = read_session(ctx, number)
    if session.position != position:
        return []
    page = ctx.uow.page(keys.live_players(number), after=after or None, limit=PER_COMMIT)
    players = [LivePlayer.from_item(item) for item in page.items]
    ids = [one.participant_id for one in players if one.participant_id is not None]
    study_session = session_of(ctx)
    study_session.prefetch(ids)
    waiting = []
    for participant_id in ids:
        place = study_session.find_place(participant_id)
        if place is not None and place.in_group and place.ended is None:
            follow_host(ctx, place)
            waiting.append(pending_at(ctx, place))
    study_session.flush()
    if page.after is not None:
        ctx.uow.post(FollowHost(number, position, page.after))
    return [pending for pending in waiting if pending is not None]
