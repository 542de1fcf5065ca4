"""What the minimum-effort game in full control pays, and how a round closes."""

from __future__ import annotations

import pytest

from tests.experiments.coordination.experiment import proposal_in
from tests.experiments.coordination.game import closed_round, earned, missing, new_state, points


def state(**efforts: int) -> dict:
    return {
        **new_state([1, 2]),
        "round": 1,
        "efforts": {name.lstrip("p"): effort for name, effort in efforts.items()},
    }


@pytest.mark.parametrize(("effort", "lowest", "paid"), [(7, 7, 130), (1, 1, 70), (7, 1, 10), (4, 3, 80)])
def test_all_earn_by_the_lowest_and_pay_for_their_own(effort, lowest, paid):
    assert points(effort, lowest) == paid


def test_a_player_who_has_not_chosen_is_missing():
    assert missing(state(p1=5)) == {2}


def test_a_closed_round_keeps_the_lowest_effort():
    assert closed_round(state(p1=5, p2=3))["history"][-1]["lowest"] == 3


def test_silence_counts_as_the_lowest_effort():
    assert closed_round(state(p1=5))["history"][-1]["efforts"]["2"] == 1


def test_silence_earns_nothing():
    assert earned(closed_round(state(p1=5))["history"], 2) == 0


def test_a_closed_round_leaves_no_choice_behind():
    assert closed_round(state(p1=5, p2=5))["efforts"] == {}


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "7",
        "[]",
        '{"propose": 8}',
        '{"propose": "7"}',
        '{"propose": null}',
        '{"propose": true}',
        '{"news": true}',
    ],
)
def test_messages_without_a_proposal_are_ignored(frame):
    assert proposal_in(frame) is None


def test_a_proposal_is_read():
    assert proposal_in('{"propose": 7, "name": "Amber"}') == 7
