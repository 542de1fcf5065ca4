"""Demos with rooms go on to ask for people while some rooms haven't begun, however late those come."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.preflight import Pace, PreflightOptions, preflight

DEMOS = Path(__file__).parents[2] / "demos"
ROOMS = 4
#: Seconds in which a place is taken: by then the first room has long been through.
ARRIVAL = 600.0


@pytest.mark.parametrize("demo", ["chatroom", "vox_populi", "coordination"])
def test_the_first_success_does_not_close_recruitment_on_rooms_that_have_not_begun(demo: str) -> None:
    pace = Pace(arrival=ARRIVAL)
    settings = {"groups": ROOMS, "waiting_minutes": 600.0}
    report = preflight(DEMOS / demo, wish=PreflightOptions(pace=pace, settings=settings, doors=None))
    assert report.networks_filled == ROOMS
