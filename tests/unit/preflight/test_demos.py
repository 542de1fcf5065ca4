"""Preflights of the demos."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.preflight import PreflightOptions, preflight

pytestmark = pytest.mark.slow

DEMOS = Path(__file__).parents[3] / "demos"
#: The participants that each recruits, and the networks that they fill.
EXPECTED = {
    "bartlett1932": (10, 1),
    "rogers": (16, 8),
    "chatroom": (3, 1),
    "vox_populi": (4, 1),
    "coordination": (3, 1),
    "pushbutton": (2, 1),
    "bartlett_drawing": (10, 1),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_demo_fills_its_networks_and_pays_every_participant(name):
    report = preflight(DEMOS / name, options=PreflightOptions(doors=None))
    people, networks = EXPECTED[name]
    assert report.statuses == {"approved": people}
    assert (report.networks, report.networks_filled, report.failed_bots) == (networks, networks, 0)
    assert 1 < report.times.median < 15
    assert 0 < report.aws_total < 1


def test_every_demo_is_tried():
    classic = {path.name for path in DEMOS.iterdir() if (path / "templates").exists()}
    # Studies have no templates; tests/demos/test_study_data.py and tests/study run them with bots.
    assert classic == set(EXPECTED)


def test_people_who_wait_for_each_other_are_timed():
    times = preflight(DEMOS / "chatroom", options=PreflightOptions(doors=None)).times
    assert 0 < times.waited_median < times.median


def test_sockets_are_counted_where_people_talk():
    counts = preflight(DEMOS / "chatroom", options=PreflightOptions(doors=None)).counts
    assert counts["socket_messages"] > 50
    assert counts["socket_minutes"] > 3


def test_a_demo_counts_the_same_twice():
    first, second = (
        preflight(DEMOS / "coordination", options=PreflightOptions(doors=None)).as_json() for _ in range(2)
    )
    assert first["counts"] == second["counts"]


def test_a_bot_replaces_a_dropout_if_the_policy_says_so():
    settings = {"when_somebody_leaves": "bot", "bots_that_leave": 1}
    report = preflight(DEMOS / "coordination", options=PreflightOptions(doors=None, settings=settings))
    assert report.networks_filled == 1
