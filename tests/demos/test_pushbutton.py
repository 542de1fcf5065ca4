"""Two bots press the button."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def run(run_demo):
    return run_demo("pushbutton", 2)


def test_both_bots_finish(run):
    assert run.statuses == ["approved", "approved"]


def test_the_button_was_pressed_once_by_each(run):
    assert [info["contents"] for info in run.tables["info"]] == ["Submitted", "Submitted"]


def test_no_nodes_are_connected(run):
    assert run.tables["vector"] == []
