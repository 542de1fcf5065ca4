"""Matches participants with peers so that no one is left over: by different answers, or by arrival."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.study.study_records import Pooled


def match_peers(
    waiting: Sequence[Pooled], least: int, *, is_last: bool, by_answer: bool = True
) -> list[list[Pooled]]:
    """Return groups of at least `least` of the participants who wait, in the order of their arrival.

    While more may come, only groups form that leave enough participants for another one. When it `is_last`,
    as those who wait have waited long enough or no others will come, each of them is in a group, unless there
    is one participant only.
    """
    if is_last:
        return _all_in_groups(waiting, least)
    groups = []
    left = list(waiting)
    while len(left) >= 2 * least and (members := _first(left, least, by_answer=by_answer)):
        groups.append(members)
        left = [one for one in left if one not in members]
    return groups


def _first(waiting: Sequence[Pooled], least: int, *, by_answer: bool) -> list[Pooled]:
    """Return the first who have different answers, or none; the first of all where answers don't matter."""
    if not by_answer:
        return list(waiting[:least])
    for number, first in enumerate(waiting):
        for other in waiting[number + 1 :]:
            if other.key != first.key:
                return [first, other]
    return []


def _all_in_groups(waiting: Sequence[Pooled], least: int) -> list[list[Pooled]]:
    """Divide all into groups, with different answers where possible; those left over join the last group.

    Ordered by their answers, the first of one half meets the first of the other: two of the same answer meet
    only when more than half of all have it.
    """
    if len(waiting) < 2:  # noqa: PLR2004 - no one to meet
        return []
    count = max(1, len(waiting) // least)
    order = _by_answer(waiting)
    groups = [order[number : count * least : count] for number in range(count)]
    for one in order[count * least :]:
        open_to = [members for members in groups if any(other.key != one.key for other in members)]
        min(open_to or groups, key=len).append(one)
    return groups


def _by_answer(waiting: Sequence[Pooled]) -> list[Pooled]:
    keys = [one.key for one in waiting]
    return sorted(waiting, key=lambda one: (-keys.count(one.key), keys.index(one.key)))
