"""Counts the participants who have arrived where a group or a cohort forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chalicelib.messages import RingDoorbell
from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.flow.members import MAX_TOGETHER
from chalicelib.operations.study.flow.moves import element_at
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.study.elements import Gathering, Peers
from chalicelib.study.elements.interaction import COHORT_MATCHES
from chalicelib.study.items.markup import marked
from chalicelib.study.study_records import Pooled
from chalicelib.study.translation import translate

from .group_forming import WAITING, form_groups

_ARRIVED: Final = marked("{n} of {size} people are here")


@dataclass(frozen=True, slots=True)
class GroupSearch:
    """The result of looking for a group for a participant."""

    #: Whether a group was formed, or a participant was released.
    changed: bool
    #: A sentence about how many people have arrived; None where it isn't known who a group waits for.
    arrived: str | None = None


def look_for_group(ctx: Context, path: str, participant_id: int | None) -> GroupSearch:
    """Form the group of a participant if all have arrived; else say how many of its people have."""
    if form_groups(ctx, path, participant_id):
        return GroupSearch(changed=True)
    element = element_at(ctx, path)
    # Among partners, strangers and peers, and with a function, it isn't the number that is waited for.
    if (
        not isinstance(element, Gathering)
        or isinstance(element, Peers)
        or element.match not in COHORT_MATCHES
    ):
        return GroupSearch(changed=False)
    here = min(len(_still_here(ctx)), element.size)
    sentence = translate(_ARRIVED, study_of(ctx).language).format(n=here, size=element.size)
    return GroupSearch(changed=False, arrived=sentence)


def announce_arrival(ctx: Context, path: str) -> bool:
    """Form groups after an arrival; where none is complete, let the pages of those who wait count again.

    The pages of many who wait aren't notified, since each arrival would cost a request of each: they poll.
    """
    if form_groups(ctx, path):
        return True
    ids = tuple(one.participant_id for one in _waiting(ctx))
    if 1 < len(ids) <= MAX_TOGETHER:
        ctx.uow.send_transient(RingDoorbell(ids), f"ring|arrived|{path}|{ctx.now.timestamp()}")
    return False


def _waiting(ctx: Context) -> list[Pooled]:
    waiting: list[Pooled] = ctx.read.get(WAITING, [])
    return waiting


def _still_here(ctx: Context) -> list[int]:
    """Return those who wait, without those who have disconnected or left since."""
    wanted = {one.participant_id: keys.place(one.participant_id) for one in _waiting(ctx)}
    places = ctx.uow.get_fields(wanted.values(), ("gone", "ended")) if wanted else {}
    stored = {one: places.get(key, {}) for one, key in wanted.items()}
    return [one for one, place in stored.items() if not place.get("gone") and place.get("ended") is None]
