from __future__ import annotations

import json

from infra.preflight import Pace, PreflightOptions


def test_the_report_describes_the_simulated_run(tried):
    text = "\n".join(tried().lines())
    for part in (
        "Preflight of study, stage live: 3 participants",
        "1 of 1 filled",
        "3 approved",
        "Base pay",
        "DynamoDB",
        "Total",
        "No problems found.",
        "No participant drops out.",
    ):
        assert part in text


def test_no_line_is_wider_than_a_page(tried):
    assert max(map(len, tried(2).lines())) <= 88


def test_sums_stand_below_each_other(tried):
    points = {
        line.rindex(".") for line in tried().lines() if line[2:].startswith(("Base pay", "Bonuses", "AWS "))
    }
    assert len(points) == 1


def test_warnings_are_listed(tried):
    lines = tried(2).lines()
    assert "Warnings" in lines
    assert any(line.startswith("  - Network 1 (chain) has 1 place left free") for line in lines)


def test_the_sandbox_pays_play_money(tried):
    lines = tried(options=PreflightOptions(stage="sandbox", doors=None)).lines()
    assert "Payments (sandbox, no real money)" in lines


def test_an_unlimited_bonus_is_reported(tried):
    lines = tried(config="[Experiment]\nbase_payment = 1.00\n").lines()
    assert "  Maximum           unlimited: max_bonus isn't set" in lines


def test_the_report_states_the_assumed_dropouts(tried):
    lines = tried(options=PreflightOptions(pace=Pace(dropouts=0.25), doors=None)).lines()
    assert "  25% of participants drop out." in lines


def test_as_json_it_says_the_same_in_numbers(tried):
    told = json.loads(json.dumps(tried().as_json()))
    assert (told["participants"], told["money"]["expected"], told["networks_filled"]) == (3, "3.75", 1)


def test_counts_are_apart_from_what_was_measured(tried):
    told = tried().as_json()
    assert "lambda_gb_seconds" in told["measured"]
    assert "lambda_gb_seconds" not in told["counts"]
