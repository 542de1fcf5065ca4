"""Generations inherit how to learn, learn, choose, and are checked."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

import pytest

from demos.rogers.models import fitness, majority

AGENT = "rogers_agent"


@pytest.fixture(scope="module")
def run(run_demo):
    return run_demo("rogers", 16)


@pytest.fixture(scope="module")
def blurred(run_demo):
    """Bots with poor perception, so that the checks find something."""
    return run_demo("rogers", 8, bot_blur="3.0", min_acceptable_performance="1.0", generations="8")


def by_id(run, table: str) -> dict[str, dict[str, str]]:
    return {row["id"]: row for row in run.tables[table]}


def infos_of(run, type: str) -> dict[str, str]:
    return {info["origin_id"]: info["contents"] for info in run.rows("info", type=type)}


def learned(run) -> dict[str, dict[str, str]]:
    """What each agent learned from: the state or the choice that was sent to it."""
    infos = by_id(run, "info")
    sent = [(row["destination_id"], infos[row["info_id"]]) for row in run.tables["transmission"]]
    return {node: info for node, info in sent if info["type"] in {"state", "info"}}


def test_four_generations_of_four_finish(run):
    assert run.statuses == ["approved"] * 16


def test_there_is_a_network_for_each_round(run):
    roles = Counter(network["role"] for network in run.tables["network"])
    assert roles == {"practice": 2, "catch": 2, "experiment": 4}


def test_every_network_is_full(run):
    assert {network["full"] for network in run.tables["network"]} == {"True"}


def test_every_generation_has_its_size_in_every_network(run):
    sizes = Counter((node["network_id"], node["property2"]) for node in run.rows("node", type=AGENT))
    assert set(sizes.values()) == {4}


def test_each_participant_makes_one_choice_in_each_round(run):
    assert len(infos_of(run, "info")) == len(run.rows("node", type=AGENT)) == 16 * 8


def test_every_agent_has_a_gene(run):
    assert {node["id"] for node in run.rows("node", type=AGENT)} <= set(infos_of(run, "gene"))


def test_all_genes_but_those_of_founders_were_inherited(run):
    born = [node["id"] for node in run.rows("node", type=AGENT) if node["property2"] != "0"]
    inherited = Counter(row["node_id"] for row in run.tables["transformation"])
    assert inherited == Counter(born)


def test_a_mutation_changes_the_gene_and_a_replication_keeps_it(run):
    infos = by_id(run, "info")
    changes = {
        (row["type"], infos[row["info_in_id"]]["contents"] != infos[row["info_out_id"]]["contents"])
        for row in run.tables["transformation"]
    }
    assert changes == {("replication", False), ("mutation", True)}


def test_founders_look_for_themselves(run):
    founders = run.rows("node", type=AGENT, property2="0")
    assert {learned(run)[node["id"]]["type"] for node in founders} == {"state"}


def test_practice_and_catch_rounds_have_no_social_learning(run):
    networks = by_id(run, "network")
    aside = [n for n in run.rows("node", type=AGENT) if networks[n["network_id"]]["role"] != "experiment"]
    assert {learned(run)[node["id"]]["type"] for node in aside} == {"state"}


def test_a_participant_with_the_social_gene_learns_from_a_choice(run):
    genes = infos_of(run, "gene")
    agents = [node["id"] for node in run.rows("node", type=AGENT)]
    assert {(genes[a], learned(run)[a]["type"]) for a in agents} == {("asocial", "state"), ("social", "info")}


def test_social_learners_are_told_what_they_learned(run):
    told = {node["id"]: node["property5"] for node in run.rows("node", type=AGENT) if node["property5"]}
    choices = {node: info["contents"] for node, info in learned(run).items() if info["type"] == "info"}
    assert told == choices != {}


def test_a_choice_is_learned_from_the_generation_before(run):
    nodes = by_id(run, "node")
    taught = [(nodes[node], nodes[info["origin_id"]]) for node, info in learned(run).items()]
    steps = {int(a["property2"]) - int(b["property2"]) for a, b in taught if b["type"] == AGENT}
    assert steps == {1}


def test_scores_say_whether_the_choice_was_right(run):
    chose = infos_of(run, "info")
    for node in run.rows("node", type=AGENT):
        assert node["property4"] == str(int(chose[node["id"]] == majority(float(node["property3"]))))


def test_fitness_follows_from_score_and_gene(run):
    genes = infos_of(run, "gene")
    for node in run.rows("node", type=AGENT):
        looked = genes[node["id"]] == "asocial"
        assert float(node["property1"]) == fitness(int(node["property4"]), looked=looked)


def test_rounds_are_as_hard_as_configured(run):
    networks = by_id(run, "network")
    shares: dict[str, set[float]] = {}
    for node in run.rows("node", type=AGENT):
        share = float(node["property3"])
        shares.setdefault(networks[node["network_id"]]["role"], set()).add(max(share, round(1 - share, 6)))
    assert shares == {"practice": {0.8}, "catch": {0.8}, "experiment": {0.525, 0.5625, 0.65}}


def test_a_world_has_one_state_for_each_generation(run):
    states = Counter(info["network_id"] for info in run.rows("info", type="state"))
    assert set(states.values()) == {4}


def test_states_are_written_without_floating_point_noise(run):
    states = {info["contents"] for info in run.rows("info", type="state")}
    assert states <= {"0.2", "0.8", "0.525", "0.475", "0.5625", "0.4375", "0.65", "0.35"}


def test_all_participants_answer_the_questionnaire(run):
    assert len(run.rows("response", item="engagement")) == 16


def test_no_bonus_exceeds_the_configured_one(run):
    assert all(0 <= float(participant["bonus"]) <= 1.0 for participant in run.tables["participant"])


def test_the_bonus_pays_right_choices_above_chance(run):
    networks = by_id(run, "network")
    agents = [n for n in run.rows("node", type=AGENT) if networks[n["network_id"]]["role"] == "experiment"]
    agents.sort(key=lambda node: int(node["participant_id"]))
    for participant, nodes in groupby(agents, key=lambda node: node["participant_id"]):
        right = [int(node["property4"]) for node in nodes]
        paid = float(by_id(run, "participant")[participant]["bonus"])
        assert paid == round(max(0.0, 2 * sum(right) / len(right) - 1), 2)


def test_the_report_has_a_row_for_each_generation(run):
    assert run.report.count("<tr>") == 1 + 4


def test_wrong_answers_in_catch_rounds_mean_did_not_attend(blurred):
    networks = by_id(blurred, "network")
    caught = {
        node["participant_id"]
        for node in blurred.rows("node", type=AGENT, property4="0")
        if networks[node["network_id"]]["role"] == "catch"
    }
    missed = {row["id"] for row in blurred.rows("participant", status="did_not_attend")}
    assert missed == caught != set()


def test_the_nodes_of_participants_who_did_not_attend_fail(blurred):
    missed = {row["id"] for row in blurred.rows("participant", status="did_not_attend")}
    failed = {node["participant_id"] for node in blurred.rows("node", type=AGENT, failed="True")}
    assert failed == missed
