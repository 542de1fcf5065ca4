from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures.tally import Tally, percentile

TIMES = st.lists(st.floats(0, 100), min_size=1)


def test_the_median_of_an_odd_number_of_values_is_the_middle_one():
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0


def test_the_95th_percentile_of_a_hundred_is_the_95th():
    assert percentile([float(number) for number in range(1, 101)], 0.95) == 95.0


def test_a_percentile_of_nothing_is_zero():
    assert percentile([], 0.95) == 0.0


@given(TIMES, st.floats(0.01, 1))
def test_at_least_its_share_lies_at_or_below_a_percentile(times, share):
    border = percentile(times, share)
    assert sum(time <= border for time in times) >= share * len(times)


def test_the_worst_route_is_the_one_whose_95th_percentile_is_highest():
    tally = Tally()
    tally.seconds["quick"] += [0.001] * 99 + [9.0]
    tally.seconds["slow"] += [0.02] * 100
    assert tally.worst_p95() == ("slow", pytest.approx(20.0))


def test_without_answers_no_route_is_worst():
    assert Tally().worst_p95() == ("", 0.0)


def test_the_rate_is_finished_participants_per_second():
    assert Tally(finished=30, wall=2.0).rate == 15.0
