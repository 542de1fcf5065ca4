"""The numbers behind the charts that the server draws, and how pages write values."""

from __future__ import annotations

import pytest

from chalicelib.dashboard.charts import histogram_bars, share
from chalicelib.dashboard.formats import format_duration, format_moment


def test_every_value_is_in_the_bar_whose_limits_contain_it() -> None:
    values = [1.0, 2.0, 2.5, 9.0, 23.0]
    bars = histogram_bars(values, most=5)
    assert sum(bar.count for bar in bars) == len(values)
    assert [bar.count for bar in bars] == [sum(bar.start <= v < bar.end for v in values) for bar in bars]
    assert max(bar.height for bar in bars) == 100


@pytest.mark.parametrize(("values", "bars"), [([], 0), ([float("nan")], 0), ([3.0], 1), ([0.0, 0.0], 1)])
def test_values_without_a_range_have_at_most_one_bar(values: list[float], bars: int) -> None:
    assert len(histogram_bars(values)) == bars


def test_bars_have_round_limits() -> None:
    assert [bar.start for bar in histogram_bars([0, 97], most=12)][:3] == [0, 10, 20]


@pytest.mark.parametrize(("part", "whole", "shown"), [(1, 4, 25), (0, 0, 0), (5, 4, 100), (-1, 4, 0)])
def test_a_share_is_between_0_and_100(part: float, whole: float, shown: float) -> None:
    assert share(part, whole) == shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (200, "3 min 20 s"), (3600, "1 h"), (7500, "2 h 5 min"), (273_600, "3 d 4 h")],
)
def test_a_duration_is_written_with_its_two_largest_units(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_a_moment_is_machine_readable_in_utc() -> None:
    assert 'datetime="2026-03-01T11:00:00' in format_moment("2026-03-01T12:00:00+01:00")
