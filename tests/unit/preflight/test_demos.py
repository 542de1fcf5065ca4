"""Preflights of the demos."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.preflight import PreflightOptions, preflight
from tests.experiments import EXPERIMENTS

pytestmark = pytest.mark.slow

DEMOS = Path(__file__).parents[3] / "demos"
#: The participants that each recruits, and the networks that they fill.
EXPECTED = {
    EXPERIMENTS / "bartlett1932": (10, 1),
    EXPERIMENTS / "rogers": (16, 8),
    DEMOS / "rogers": (16, 8),
    EXPERIMENTS / "chatroom": (3, 1),
    DEMOS / "chatroom": (3, 1),
    EXPERIMENTS / "vox_populi": (4, 1),
    DEMOS / "vox_populi": (4, 1),
    EXPERIMENTS / "coordination": (3, 1),
    DEMOS / "coordination": (3, 1),
    DEMOS / "pushbutton": (2, 1),
    DEMOS / "bartlett_drawing": (10, 1),
    DEMOS / "bartlett1932": (10, 1),
    DEMOS / "ultimatum": (4, 2),
    DEMOS / "stroop": (5, 0),
    DEMOS / "public_goods": (4, 1),
    DEMOS / "double_auction": (6, 1),
    DEMOS / "prisoners_dilemma": (6, 15),
    DEMOS / "flanker": (5, 0),
    DEMOS / "sleep_survey": (5, 0),
    DEMOS / "lexical_decision": (5, 0),
    DEMOS / "live_quiz": (30, 0),
    DEMOS / "beauty_contest": (8, 2),
    DEMOS / "chance_book": (3, 0),
    DEMOS / "textbook": (5, 0),
}


@pytest.mark.parametrize("folder", EXPECTED, ids=lambda folder: "/".join(folder.parts[-2:]))
def test_a_demo_fills_its_networks_and_pays_every_participant(folder):
    report = preflight(folder, options=PreflightOptions(doors=None))
    people, networks = EXPECTED[folder]
    assert report.statuses == {"approved": people}
    assert (report.networks, report.networks_filled, report.failed_bots) == (networks, networks, 0)
    assert 0.2 < report.times.median < 25
    assert 0 < report.aws_total < 1


def test_participants_who_fail_the_attention_check_are_replaced():
    # Bots answer at random: most of them miss the question about attention.
    report = preflight(DEMOS / "survey", options=PreflightOptions(doors=None))
    assert report.statuses["approved"] == 20
    assert set(report.statuses) == {"approved", "screened_out"}
    assert report.failed_bots == 0


def test_every_demo_is_tried():
    folders = {
        path for path in DEMOS.iterdir() if list(path.glob("experiment.py")) or list(path.glob("study.md"))
    }
    assert folders == {each for each in EXPECTED if each.parent == DEMOS} | {DEMOS / "survey"}


def test_people_who_wait_for_each_other_are_timed():
    times = preflight(EXPERIMENTS / "chatroom", options=PreflightOptions(doors=None)).times
    assert 0 < times.waited_median < times.median


def test_sockets_are_counted_where_people_talk():
    counts = preflight(EXPERIMENTS / "chatroom", options=PreflightOptions(doors=None)).counts
    assert counts["socket_messages"] > 50
    assert counts["socket_minutes"] > 3


def test_a_demo_counts_the_same_twice():
    first, second = (
        preflight(DEMOS / "coordination", options=PreflightOptions(doors=None)).as_json() for _ in range(2)
    )
    assert first["counts"] == second["counts"]


@pytest.mark.parametrize("folder", [DEMOS / "coordination", EXPERIMENTS / "coordination"], ids=str)
def test_a_bot_replaces_a_dropout_if_the_policy_says_so(folder: Path):
    settings = {"when_somebody_leaves": "bot", "bots_that_leave": 1}
    report = preflight(folder, options=PreflightOptions(doors=None, settings=settings))
    assert report.networks_filled == 1
