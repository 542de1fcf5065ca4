"""What a choice is worth, and what a run of generations shows."""

from __future__ import annotations

import pytest

from demos.rogers.generations import by_generation, report_html, report_lines
from demos.rogers.models import fitness, majority, written


@pytest.mark.parametrize(
    ("share", "colour"), [(0.525, "blue"), (0.475, "yellow"), (1.0, "blue"), (0.0, "yellow")]
)
def test_the_majority_is_the_colour_of_more_than_half(share, colour):
    assert majority(share) == colour


def test_a_share_is_written_without_noise():
    assert written(1 - 0.525) == "0.475"


def test_being_right_makes_fitter():
    assert fitness(1, looked=True) > fitness(0, looked=True)


def test_looking_costs():
    assert fitness(1, looked=False) > fitness(1, looked=True)


def test_every_agent_has_some_fitness():
    assert fitness(0, looked=True) > 0


NETWORKS = [{"id": 1, "role": "experiment"}, {"id": 2, "role": "practice"}]


def agent(node_id: int, generation: str, score: str | None, fitness: str = "1.0", **more: object) -> dict:
    usual = {"network_id": 1, "type": "rogers_agent", "failed": False}
    return {"id": node_id, "property1": fitness, "property2": generation, "property4": score, **usual, **more}


def gene(node_id: int, contents: str) -> dict:
    return {"origin_id": node_id, "type": "learning_gene", "contents": contents}


def found(*agents: dict):
    return by_generation(NETWORKS, agents, [gene(1, "asocial"), gene(2, "social")])


def test_generations_come_in_their_order():
    assert [each.number for each in found(agent(1, "1", "1"), agent(2, "0", "1"))] == [0, 1]


def test_the_share_of_social_learners_is_counted():
    assert found(agent(1, "0", "1"), agent(2, "0", "1"))[0].social == 0.5


def test_each_kind_of_learner_has_its_own_mean():
    only = found(agent(1, "0", "0"), agent(2, "0", "1"))[0]
    assert (only.right_asocial, only.right_social) == (0.0, 1.0)


def test_a_kind_without_members_has_no_mean():
    assert found(agent(1, "0", "1"))[0].right_social is None


def test_fitness_is_averaged():
    assert found(agent(1, "0", "1", "1.0"), agent(2, "0", "1", "2.0"))[0].fitness == 1.5


@pytest.mark.parametrize(
    "left_out", [{"network_id": 2}, {"failed": True}, {"type": "rogers_environment"}, {"property4": None}]
)
def test_practice_failed_nodes_the_world_and_the_undecided_are_left_out(left_out):
    assert found(agent(1, "0", "1", **left_out)) == []


def test_the_lines_hold_a_row_for_each_generation():
    lines = report_lines(found(agent(1, "0", "1"), agent(2, "1", "0")))
    assert [line.split()[0] for line in lines] == ["generation", "0", "1"]


def test_the_lines_mention_missing_choices():
    assert report_lines([]) == ["There are no choices yet."]


def test_the_page_holds_a_row_for_each_generation():
    assert report_html(found(agent(1, "0", "1"), agent(2, "1", "0"))).count("<tr>") == 3
