"""Forms groups of peers, and lets a participant for whom nobody comes go on alone."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.flow.moves import move_on, ring
from chalicelib.operations.study.shared.study_context import session_of
from chalicelib.study.elements import Peers
from chalicelib.study.study_records import Pooled

from .peer_matching import match_peers


def among_peers(
    ctx: Context, element: Peers, waiting: Sequence[Pooled], *, is_over: bool
) -> list[list[Pooled]]:
    """Return the groups that can form now; `is_over`: one of those who wait has waited long enough.

    No one waits when all participants who take part are there.
    """
    is_last = is_over or (len(waiting) >= element.size and len(ctx.uow.active_participants()) == len(waiting))
    return match_peers(waiting, element.size, is_last=is_last)


def count_forming(ctx: Context, path: str, formed: Sequence[object]) -> None:
    """Count a commit that forms groups: of two at the same time, the second looks again who is left."""
    if not formed:
        return
    key = keys.counter(f"peers#{path}")
    stored = ctx.uow.item(key)
    ctx.uow.put_if_unchanged(key, "counter", {"formed": 1 + (0 if stored is None else int(stored["formed"]))})


def go_on_alone(ctx: Context, waiting: Sequence[Pooled]) -> None:
    """Let participants who have waited long enough go on without a group."""
    session = session_of(ctx)
    places = [session.place(one.participant_id) for one in waiting]
    for place in places:
        ctx.uow.delete_item(keys.pooled(place.path, place.participant_id))
        place.in_group, place.network_id, place.node_id, place.role = False, None, None, None
        place.mates = []
        move_on(ctx, place)
    if places:
        ring(ctx, places, f"alone{places[0].participant_id}")
