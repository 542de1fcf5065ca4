"""Three bots play in rounds; in some runs one of them closes its page in the second."""

from __future__ import annotations

import json

import pytest

from demos.coordination.experiment import points

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
    return run.rows("live", name="round")


def players(run):
    return [int(past["value.players"]) for past in history(run)]


def test_all_bots_finish(run):
    assert run.statuses == ["approved"] * 3


def test_all_members_play_all_rounds(run):
    assert players(run) == [3] * 6


def test_each_choice_is_a_response(run):
    assert len(run.rows("response", item="effort", by="bot")) == 3 * 6


def test_suggestions_are_stored(run):
    assert {row["value.round"] for row in run.rows("live", name="signal")} >= {"1", "2", "3", "4", "5"}


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


def test_the_data_show_since_when_and_for_whom_a_bot_played(left):
    run = left("bot")
    details = {person["id"]: json.loads(person["details"] or "{}") for person in run.tables["participant"]}
    since = {person: found["played_by_bot_since"] for person, found in details.items() if found}
    played = run.rows("response", item="effort", by="stand_in")
    assert {row["participant_id"] for row in played} == set(since)
    assert [row["round"] for row in played] == ["2", "3", "4", "5", "6"]
    assert all(row["answered_at"] > since[row["participant_id"]] for row in played)


def test_the_game_ends_for_all(left):
    assert players(left("end")) == [3]


def test_those_whose_game_was_ended_answer_the_questionnaire(left):
    run = left("end")
    stayed = {person["id"] for person in run.rows("participant", status="approved")}
    assert len(stayed) == 2
    assert {row["participant_id"] for row in run.rows("response", page="questionnaire")} == stayed


def test_those_whose_game_was_ended_are_paid_for_the_points_of_the_rounds_that_were_played(left):
    stayed = left("end").rows("participant", status="approved")
    assert all(float(person["bonus"]) > 0 for person in stayed)


def test_those_whose_game_was_ended_are_paid_their_base(left):
    paid = [row["participant_id"] for row in left("end").rows("payment", kind="base")]
    stayed = [person["id"] for person in left("end").rows("participant", status="approved")]
    assert sorted(paid) == sorted(stayed)


def test_a_participant_who_has_not_chosen_in_time_gets_the_lowest_effort(run_demo):
    # With a grace period longer than the game, only the clock can end the dropout's round.
    silent = run_demo("coordination", 3, bots_that_leave="1", round_seconds="1.0", rounds="2")
    assert [(past["value.lowest"], past["value.silent"]) for past in history(silent)][1] == ("1", "1")


def test_the_report_has_the_lowest_effort_of_each_round(run):
    assert "round  players  mean effort  lowest  silent" in run.printed
    assert run.report.count("<tr>") == 1 + 6


@pytest.mark.parametrize(("effort", "lowest", "paid"), [(7, 7, 130), (1, 1, 70), (7, 1, 10), (4, 3, 80)])
def test_all_earn_by_the_lowest_and_pay_for_their_own(effort, lowest, paid):
    assert points(effort, lowest) == paid
