"""Finds participants of a study who wait until enough others have come for a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.flow.moves import element_at
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.study.elements import Gathering
from chalicelib.study.study_records import Pooled


def waiting_for_groups(ctx: Context, participant_ids: Sequence[int]) -> dict[int, str]:
    """Return those of some participants who wait for a group or a cohort, and since when.

    A member who has a seat, and whose page hasn't moved on yet, isn't waiting. Nothing is read for a study
    that forms no groups.
    """
    entries = {one: Pooled.from_item(item) for one, (_, item) in _items(ctx, participant_ids).items()}
    return {one: entry.since for one, entry in entries.items() if not entry.is_seated}


def entries_of(ctx: Context, participant_ids: Sequence[int]) -> dict[str, list[Pooled]]:
    """Return the entries of those who wait without a seat and haven't disconnected, by path and arrival."""
    by_path: dict[str, list[Pooled]] = {}
    for one, (path, item) in _items(ctx, participant_ids).items():
        entry, place = Pooled.from_item(item), ctx.uow.item(keys.place(one))
        if not entry.is_seated and place is not None and not place.get("gone"):
            by_path.setdefault(path, []).append(entry)
    for entries in by_path.values():
        entries.sort(key=lambda entry: (entry.since, entry.participant_id))
    return by_path


def _items(ctx: Context, participant_ids: Sequence[int]) -> dict[int, tuple[str, Mapping[str, Any]]]:
    """Return the path at which each of these participants waits, and the stored entry."""
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
    return {one: (paths[one], item) for one, item in items.items() if item is not None}
