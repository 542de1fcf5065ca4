"""Schedules of strangers: each round places everybody, and no two people ever meet twice."""

from __future__ import annotations

from itertools import combinations

import pytest

from chalicelib.study.design.stranger_schedule import draw_schedule, most_rounds, stranger_schedule


def meetings(rounds: object) -> list[tuple[int, int]]:
    return [pair for groups in rounds for group in groups for pair in combinations(sorted(group), 2)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("group_size", range(2, 10))
def test_no_two_people_meet_twice_however_many_there_are(group_size: int) -> None:
    for size in range(group_size, 91, group_size):
        rounds = stranger_schedule(size, group_size)
        assert 1 <= len(rounds) <= most_rounds(size, group_size)
        for groups in rounds:
            assert sorted(one for group in groups for one in group) == list(range(size))
            assert {len(group) for group in groups} == {group_size}
        assert len(meetings(rounds)) == len(set(meetings(rounds))), (size, group_size)


@pytest.mark.parametrize(
    ("size", "group_size", "rounds"),
    [
        *((size, 2, size - 1) for size in range(2, 91, 2)),
        # Affine planes, and the rows of larger ones: everybody meets everybody.
        *((9, 3, 4), (27, 3, 13), (81, 3, 40), (16, 4, 5), (64, 4, 21), (25, 5, 6), (49, 7, 8), (64, 8, 9)),
        *((21, 3, 8), (18, 3, 6), (20, 4, 5), (32, 4, 9), (24, 3, 9)),
    ],
)
def test_as_many_rounds_are_found_as_constructions_give(size: int, group_size: int, rounds: int) -> None:
    assert len(stranger_schedule(size, group_size)) >= rounds


def test_people_who_cannot_all_be_in_groups_have_no_schedule() -> None:
    assert stranger_schedule(10, 4) == ()


def test_a_schedule_is_drawn_by_its_seed() -> None:
    people = list(range(101, 113))
    drawn = [draw_schedule(people, 2, 5, seed) for seed in ("a", "a", "b")]
    assert drawn[0] == drawn[1] != drawn[2]
    for rounds in drawn:
        assert len(rounds) == 5
        assert all(sorted(one for group in groups for one in group) == people for groups in rounds)
        assert len(set(meetings(rounds))) == 5 * 6
