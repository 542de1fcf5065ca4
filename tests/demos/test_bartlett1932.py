"""A story is passed down the chain, and the report shows how far it drifted."""

from __future__ import annotations

from itertools import pairwise

import pytest

from demos.bartlett1932.experiment import STORIES


@pytest.fixture(scope="module")
def run(run_demo):
    return run_demo("bartlett1932", 10)


def texts(run) -> list[str]:
    return [info["contents"] for info in run.tables["info"]]


def test_ten_bots_finish(run):
    assert run.statuses == ["approved"] * 10


def test_the_chain_is_full(run):
    assert [(network["type"], network["full"]) for network in run.tables["network"]] == [("chain", "True")]


def test_the_story_and_ten_retellings_are_stored(run):
    assert len(texts(run)) == 11


def test_the_chain_begins_with_the_first_story(run):
    assert texts(run)[0] == STORIES["ghosts"]


def test_each_participant_reads_the_text_of_the_previous_one(run):
    nodes = [node["id"] for node in run.tables["node"]]
    read = [(sent["origin_id"], sent["destination_id"]) for sent in run.tables["transmission"]]
    assert sorted(read) == sorted(pairwise(nodes))


def test_the_story_is_never_retold_longer(run):
    lengths = [len(text.split()) for text in texts(run)]
    assert lengths == sorted(lengths, reverse=True)


def test_all_participants_answer_the_questionnaire(run):
    assert len(run.rows("response", item="engagement")) == 10


def test_the_terminal_shows_all_ten_places(run):
    table = run.printed.split("place  words")[1]
    assert [line.split()[0] for line in table.splitlines()[1:11]] == [str(place) for place in range(1, 11)]


def test_the_report_draws_the_chain_and_the_drift(run):
    assert run.report.count("<svg") == 2


def test_the_same_seed_retells_the_same(run, run_demo):
    assert texts(run_demo("bartlett1932", 10, again=1)) == texts(run)


def test_another_seed_retells_otherwise(run, run_demo):
    assert texts(run_demo("bartlett1932", 10, seed=7)) != texts(run)


def test_each_of_three_chains_tells_its_own_story(run_demo):
    three = run_demo("bartlett1932", 2, experiment_repeats="3", num_participants="2")
    assert [node["property1"] for node in three.rows("node", type="start_source")] == list(STORIES.values())


def test_each_participant_takes_part_in_all_three_chains(run_demo):
    three = run_demo("bartlett1932", 2, experiment_repeats="3", num_participants="2")
    assert len(three.rows("info")) == 3 * (1 + 2)


def test_the_report_has_a_part_for_each_chain(run_demo):
    three = run_demo("bartlett1932", 2, experiment_repeats="3", num_participants="2")
    assert three.report.count("<section>") == 3
