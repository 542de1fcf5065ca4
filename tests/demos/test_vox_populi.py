"""Four bots guess, see what the others guessed, and guess again."""

from __future__ import annotations

from collections import Counter

import pytest


@pytest.fixture(scope="module")
def run(run_demo):
    return run_demo("vox_populi", 4)


def test_all_bots_finish(run):
    assert run.statuses == ["approved"] * 4


def test_each_participant_guesses_each_jar_alone_and_in_the_group(run):
    guesses = Counter((row["round"], row["item"]) for row in run.tables["response"] if row["round"])
    assert guesses == {(jar, stage): 4 for jar in "123" for stage in ("alone", "together")}


def test_second_guesses_are_made_after_all_first_ones(run):
    first = [row["answered_at"] for row in run.rows("response", round="1", item="alone")]
    second = [row["shown_at"] for row in run.rows("response", round="1", item="together")]
    assert min(second) >= max(first)


def test_each_guess_knows_the_truth(run):
    truths = {(row["value.jar"], row["value.truth"]) for row in run.rows("live", name="guess")}
    assert truths == {("1", "85"), ("2", "214"), ("3", "430")}


def test_each_participant_is_paid_for_accurate_guesses(run):
    assert all(0 < float(person["bonus"]) <= 1 for person in run.tables["participant"])


def test_the_report_shows_both_stages_of_each_jar(run):
    assert (run.printed.count(" alone "), run.printed.count(" together ")) == (3, 3)


def test_the_report_draws_a_strip_for_each_jar(run):
    assert run.report.count("<svg") == 3


def test_silence_is_not_waited_for_longer_than_the_clock_says(run_demo):
    # A group of four opens with two when the others don't come; each stage then needs those two only.
    small = run_demo("vox_populi", 2, waiting_minutes="0.02", jars="50")
    assert small.statuses == ["approved"] * 2
