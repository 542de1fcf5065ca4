"""Three bots play in rounds; in some runs one of them closes its page in the second."""

from __future__ import annotations

import json

import pytest

LEAVING = {"bots_that_leave": "1", "grace_seconds": "0.5", "patience_seconds": "0.5", "round_seconds": "20.0"}
POLICIES = ("wait", "go_on", "bot", "end")


@pytest.fixture(scope="module")
def run(run_demo):
    return run_demo("coordination", 3)


@pytest.fixture(scope="module", params=POLICIES)
def any_policy(request, run_demo):
    return run_demo("coordination", 3, when_somebody_leaves=request.param, **LEAVING)


@pytest.fixture(scope="module")
def left(run_demo):
    return lambda policy: run_demo("coordination", 3, when_somebody_leaves=policy, **LEAVING)


def history(run):
    (network,) = run.tables["network"]
    return json.loads(network["details"])["history"]


def players(run):
    return [len(past["efforts"]) for past in history(run)]


def test_all_bots_finish(run):
    assert run.statuses == ["approved"] * 3


def test_all_members_play_all_rounds(run):
    assert players(run) == [3] * 6


def test_each_choice_is_an_info(run):
    assert len(run.rows("info", type="choice", failed="False")) == 3 * 6


def test_proposals_on_the_channel_are_stored(run):
    assert {info["property1"] for info in run.rows("info", type="signal")} >= {"1", "2", "3", "4", "5"}


def test_points_are_paid(run):
    assert all(float(person["bonus"]) > 0 for person in run.tables["participant"])


def test_remaining_participants_finish_under_every_policy(any_policy):
    assert any_policy.statuses.count("approved") >= 2


def test_the_others_wait_and_then_continue(left):
    assert players(left("wait")) == [3, 2, 2, 2, 2, 2]


def test_the_others_continue_immediately(left):
    assert players(left("go_on")) == [3, 2, 2, 2, 2, 2]


def test_the_node_of_a_dropout_is_failed(left):
    assert [node["failed"] for node in left("go_on").tables["node"]].count("True") == 1


def test_a_stand_in_plays_for_a_participant_who_agreed_to_it(left):
    assert players(left("bot")) == [3] * 6


def test_the_data_show_for_whom_a_bot_played(left):
    played = [
        json.loads(person["details"] or "{}").get("played_by_bot_since")
        for person in left("bot").tables["participant"]
    ]
    assert len(list(filter(None, played))) == 1


def test_the_game_ends_for_all(left):
    assert players(left("end")) == [3]


def test_those_whose_game_was_ended_are_paid_their_base(left):
    paid = [row["participant_id"] for row in left("end").rows("payment", kind="base")]
    stayed = [person["id"] for person in left("end").rows("participant", status="approved")]
    assert sorted(paid) == sorted(stayed)


def test_a_participant_who_has_not_chosen_in_time_gets_the_lowest_effort(run_demo):
    # With a grace period longer than the game, only the clock can end the dropout's round.
    silent = run_demo("coordination", 3, bots_that_leave="1", round_seconds="1.0", rounds="2")
    assert [(past["lowest"], len(past["silent"])) for past in history(silent)][1] == (1, 1)
