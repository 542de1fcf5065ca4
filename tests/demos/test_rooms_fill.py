"""Demos with rooms continue to recruit while some rooms haven't begun, however late participants arrive."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.preflight import Pace, PreflightOptions, preflight
from tests.experiments import EXPERIMENTS

DEMOS = Path(__file__).parents[2] / "demos"
ROOMS = 4
#: Seconds until a place is taken: longer than the first room takes.
ARRIVAL = 600.0


@pytest.mark.parametrize(
    "folder",
    [
        DEMOS / "chatroom",
        EXPERIMENTS / "chatroom",
        DEMOS / "vox_populi",
        EXPERIMENTS / "vox_populi",
        DEMOS / "coordination",
        EXPERIMENTS / "coordination",
    ],
    ids=lambda folder: "/".join(folder.parts[-2:]),
)
def test_the_first_success_does_not_close_recruitment_on_rooms_that_have_not_begun(folder: Path) -> None:
    pace = Pace(arrival=ARRIVAL)
    settings = {"groups": ROOMS, "waiting_minutes": 600.0}
    report = preflight(folder, options=PreflightOptions(pace=pace, settings=settings, doors=None))
    assert report.networks_filled == ROOMS
