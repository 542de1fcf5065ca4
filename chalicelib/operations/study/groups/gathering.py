"""Finds participants of a study who wait until enough others have come for a group."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.flow.moves import element_at
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.study.elements import Gathering


def waiting_for_groups(ctx: Context, participant_ids: Sequence[int]) -> dict[int, str]:
    """Return those of some participants who wait for a group or a cohort, and since when.

    Nothing is read for a study that forms no groups.
    """
    if not any(isinstance(step.element, Gathering) for _, step in study_of(ctx).plan().steps()):
        return {}
    ctx.uow.prefetch(more=[keys.place(one) for one in participant_ids])
    places = {one: ctx.uow.item(keys.place(one)) for one in participant_ids}
    paths = {
        one: str(place.get("path") or "")
        for one, place in places.items()
        if place is not None and place.get("ended") is None
    }
    is_gathering = {path: isinstance(element_at(ctx, path), Gathering) for path in set(paths.values())}
    pooled = {one: keys.pooled(path, one) for one, path in paths.items() if is_gathering[path]}
    ctx.uow.prefetch(more=list(pooled.values()))
    items = {one: ctx.uow.item(key) for one, key in pooled.items()}
    return {one: str(item["since"]) for one, item in items.items() if item is not None}
