"""The days of a class begin and end at midnight in its own time zone, also when clocks change that night."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.study.classes.study_class import StudyClass


@pytest.mark.parametrize(
    ("zone", "starts", "ends", "begins_at", "ends_at"),
    [
        ("UTC", "2026-03-01", "2026-03-01", "2026-03-01T00:00", "2026-03-02T00:00"),
        # A day of 23 hours, and one of 25.
        ("Europe/Berlin", "2026-03-29", "2026-03-29", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("Europe/Berlin", "2026-10-25", "2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00"),
        # Clocks in Beirut skip the first hour of this day.
        ("Asia/Beirut", "2026-03-29", "2026-03-28", "2026-03-28T22:00", "2026-03-28T22:00"),
        # In Havana, midnight comes twice.
        ("America/Havana", "2026-11-01", "2026-10-31", "2026-11-01T04:00", "2026-11-01T04:00"),
        ("Pacific/Kiritimati", "2026-01-01", "2026-12-31", "2025-12-31T10:00", "2026-12-31T10:00"),
    ],
)
def test_days_begin_at_midnight_in_the_time_zone_of_the_class(
    zone: str, starts: str, ends: str, begins_at: str, ends_at: str
) -> None:
    found = StudyClass(1, "Economics", "ABCDEFGH", starts=starts, ends=ends, time_zone=zone)
    assert found.begins_at == datetime.fromisoformat(begins_at).replace(tzinfo=UTC)
    assert found.ends_at == datetime.fromisoformat(ends_at).replace(tzinfo=UTC)


def test_a_class_without_days_has_begun_and_is_never_over() -> None:
    found = StudyClass(1, "Economics", "ABCDEFGH")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert (found.has_begun(now), found.is_over(now)) == (True, False)
