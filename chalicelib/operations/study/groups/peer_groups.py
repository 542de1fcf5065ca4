"""Forms groups of peers, and lets a participant for whom no one comes go on alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.flow.members import MAX_TOGETHER
from chalicelib.operations.study.flow.moves import move_on, ring
from chalicelib.operations.study.shared.study_context import session_of
from chalicelib.study.elements import Peers
from chalicelib.study.study_records import Pooled

from .matching import MatchedGroup, fitting, has_waited
from .peer_matching import match_peers

Form = Callable[[Context, str, Peers, MatchedGroup], None]


def form_among_peers(ctx: Context, path: str, element: Peers, waiting: Sequence[Pooled], form: Form) -> bool:
    """Form groups of peers, as many as one commit takes; return whether anything changed.

    Who is left over depends on all groups, so the requests that form some meet at a counter.
    """
    found = [MatchedGroup.of(members) for members in _among_peers(ctx, element, waiting)]
    chosen = fitting(ctx, path, found)
    for match in chosen:
        form(ctx, path, element, match)
    taken = {one for match in found for one in match.ids}
    left = [one for one in waiting if one.participant_id not in taken]
    late = [one for one in left if has_waited(ctx, element, one)][:MAX_TOGETHER]
    if chosen or late:
        _count_forming(ctx, path)
    go_on_alone(ctx, late)
    session_of(ctx).flush()
    return bool(chosen or late)


def _among_peers(ctx: Context, element: Peers, waiting: Sequence[Pooled]) -> list[list[Pooled]]:
    """Return the groups that can form now, each within a cohort.

    No one waits when all participants who take part are there.
    """
    is_complete = len(waiting) >= element.size and len(ctx.uow.active_participants()) == len(waiting)
    cohorts: dict[str, list[Pooled]] = {}
    for one in waiting:
        cohorts.setdefault(one.cohort_of_peers, []).append(one)
    return [
        members
        for some in cohorts.values()
        for members in match_peers(
            some,
            element.size,
            is_last=is_complete or any(has_waited(ctx, element, one) for one in some),
            by_answer=bool(element.item),
        )
    ]


def _count_forming(ctx: Context, path: str) -> None:
    """Count a commit that forms groups: of two at the same time, the second looks again who is left."""
    key = keys.peer_formations(path)
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
