"""Decides who is grouped with whom: by arrival, condition, function, schedule, or the last group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from chalicelib.errors import ExperimentError, InvalidState
from chalicelib.messages import FormGroups
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.flow.members import MAX_TOGETHER
from chalicelib.operations.study.shared.study_context import moment_of, session_of, study_of
from chalicelib.study.elements import Gathering, Group, Peers
from chalicelib.study.elements.interaction import PARTNERS, STRANGERS
from chalicelib.study.player import Player
from chalicelib.study.study_records import Place, Pooled

from .waits import hurry


@dataclass(frozen=True, slots=True)
class MatchedGroup:
    """Participants who begin together."""

    #: Those who wait, by their entries.
    waiting: list[Pooled]
    #: The ids of all members, in the order of their places: also of those who have left the study.
    ids: list[int]

    @classmethod
    def of(cls, waiting: Sequence[Pooled]) -> MatchedGroup:
        """Return the match of those who wait."""
        return cls(list(waiting), [one.participant_id for one in waiting])


def matched(ctx: Context, path: str, element: Gathering, waiting: Sequence[Pooled]) -> list[MatchedGroup]:
    """Return the groups, or cohorts, that can begin."""
    if callable(element.match):
        groups = _by_function(ctx, element, element.match, waiting)
    elif isinstance(element, Group) and element.repeats_members:
        return _settled(ctx, path, element, waiting)
    else:
        groups = _by_arrival(element, waiting)
    return [MatchedGroup.of(members) for members in groups if _is_ready(ctx, element, members)]


def early_members(ctx: Context, element: Gathering, waiting: Sequence[Pooled]) -> list[Pooled]:
    """Return the first who can begin as a group without waiting any longer; InvalidState if none can."""
    what = f"{type(element).__name__} {element.name!r}"
    if not isinstance(element, Group) or isinstance(element, Peers):
        raise InvalidState(f"{what} can't begin early: only a Group with a minimum can.")
    if callable(element.match) or element.match == STRANGERS:
        raise InvalidState(f"{what} can't begin early: the study settles who is grouped with whom.")
    if not element.minimum:
        raise InvalidState(
            f"{what} begins with exactly {element.size} members. To let smaller groups begin, give it a "
            "minimum in the timeline, and deploy again."
        )
    if element.match == PARTNERS:
        waiting = [one for one in waiting if not session_of(ctx).place(one.participant_id).groups]
    groups = _by_arrival(element, waiting)
    for members in groups:
        if len(members) >= element.minimum:
            return members
    raise InvalidState(
        f"{what} begins with at least {element.minimum} members; at most "
        f"{max(map(len, groups), default=0)} of those who wait can be grouped with each other."
    )


def fitting(ctx: Context, path: str, matches: Sequence[MatchedGroup]) -> list[MatchedGroup]:
    """Return as many matches as one commit can place; a message forms the others."""
    chosen: list[MatchedGroup] = []
    placed = 0
    for match in matches:
        if chosen and placed + len(match.waiting) > MAX_TOGETHER:
            ctx.uow.send_transient(FormGroups(path), f"form_groups|{path}|more")
            break
        chosen.append(match)
        placed += len(match.waiting)
    return chosen


def has_waited(ctx: Context, element: Gathering, one: Pooled) -> bool:
    """Whether a participant has waited as long as the element says."""
    since = moment_of(one.since)
    return since is not None and ctx.now >= since + timedelta(minutes=element.wait_minutes)


def hurry_expected(ctx: Context, path: str, element: Gathering, one: Pooled) -> bool:
    """Answer for those whom a participant waits for and whose time is over, or who are gone.

    Return whether that changed anything.
    """
    if not (isinstance(element, Group) and element.repeats_members):
        return False
    session = session_of(ctx)
    places = [session.place(each) for each in _expected(ctx, path, element, one) or ()]
    changed = False
    for place in places:
        if place.path != path and not _has_left(ctx, place):
            changed = hurry(ctx, place) or changed
    return changed


def _by_arrival(element: Gathering, waiting: Sequence[Pooled]) -> list[list[Pooled]]:
    """Return groups in the order of arrival, among those who share what they must."""
    by_key: dict[str, list[Pooled]] = {}
    for one in waiting:
        by_key.setdefault(one.key, []).append(one)
    return [
        members[start : start + element.size]
        for members in by_key.values()
        for start in range(0, len(members), element.size)
    ]


def _is_ready(ctx: Context, element: Gathering, members: Sequence[Pooled]) -> bool:
    """Whether a group is full, or large enough while its first member has waited for the whole time."""
    if len(members) == element.size:
        return True
    minimum = getattr(element, "minimum", 0)
    return bool(minimum) and len(members) >= minimum and has_waited(ctx, element, members[0])


def _by_function(
    ctx: Context, element: Gathering, match: Callable[..., object], waiting: Sequence[Pooled]
) -> list[list[Pooled]]:
    session = session_of(ctx)
    by_id = {one.participant_id: one for one in waiting}
    session.prefetch(by_id)
    found = match(study_of(ctx), [session.player(one) for one in by_id])
    groups = [[by_id[player.id] for player in group] for group in cast("list[list[Player]]", found)]
    for members in groups:
        if len(members) > element.size:
            raise ExperimentError(
                f"The function that matches Group {element.name!r} returned {len(members)} members; "
                f"a group has at most {element.size}."
            )
    return groups


def _settled(ctx: Context, path: str, element: Group, waiting: Sequence[Pooled]) -> list[MatchedGroup]:
    """Return the groups of strangers or partners of whom all have come, but those who have left the study."""
    by_id = {one.participant_id: one for one in waiting}
    matches: list[MatchedGroup] = []
    first_time: list[Pooled] = []
    seen: set[int] = set()
    for one in waiting:
        if one.participant_id in seen:
            continue
        ids = _expected(ctx, path, element, one)
        if ids is None:
            first_time.append(one)
            continue
        seen.update(ids)
        if all(each in by_id or _has_left(ctx, session_of(ctx).place(each)) for each in ids):
            matches.append(MatchedGroup([by_id[each] for each in ids if each in by_id], ids))
    new = [members for members in _by_arrival(element, first_time) if _is_ready(ctx, element, members)]
    return matches + [MatchedGroup.of(members) for members in new]


def _expected(ctx: Context, path: str, element: Group, one: Pooled) -> list[int] | None:
    """Return the members of a participant's group, where an earlier group or a schedule settles them."""
    session = session_of(ctx)
    place = session.place(one.participant_id)
    if element.match == STRANGERS:
        ids = _scheduled(ctx, path, place)
    elif place.groups:
        ids = session.group(place.groups[-1]).stored.member_ids()
    else:
        return None
    session.prefetch(ids)
    return ids


def _scheduled(ctx: Context, path: str, place: Place) -> list[int]:
    if place.cohort is None:
        raise ExperimentError(
            f"Participant {place.participant_id} came to a Group of strangers without a cohort. Put a "
            "Cohort where all pass it who come there."
        )
    schedule = session_of(ctx).cohort(place.cohort).schedule
    if path not in schedule:
        raise ExperimentError(
            f"The schedule of {place.cohort} doesn't have {path}: a Group of strangers was added to the "
            "timeline after the cohort was formed. Cohorts that form from now on have it."
        )
    return next(ids for ids in schedule[path] if place.participant_id in ids)


def _has_left(ctx: Context, place: Place) -> bool:
    return place.ended is not None or not ctx.uow.participant(place.participant_id).is_working
