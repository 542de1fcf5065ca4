"""A drawing is passed down the chain."""

from __future__ import annotations

import pytest

from demos.bartlett_drawing.drawing import read_drawing, read_stimulus

LIMIT = 300_000


@pytest.fixture(scope="module")
def run(run_demo):
    return run_demo("bartlett_drawing", 10)


def contents(run) -> list[str]:
    return [info["contents"] for info in run.tables["info"]]


def test_ten_bots_finish(run):
    assert run.statuses == ["approved"] * 10


def test_the_chain_begins_with_the_owl(run):
    assert contents(run)[0] == read_stimulus("owl")


def test_every_info_is_a_drawing(run):
    assert all(read_drawing(text).strokes for text in contents(run))


def test_drawings_stay_far_below_the_limit(run):
    assert max(map(len, contents(run))) < LIMIT / 10


def test_each_copy_has_only_strokes_that_were_drawn(run):
    strokes = [len(read_drawing(text).strokes) for text in contents(run)]
    assert strokes == sorted(strokes, reverse=True)


def test_the_report_shows_the_original_and_ten_copies(run):
    assert run.report.count("<svg") == 11
