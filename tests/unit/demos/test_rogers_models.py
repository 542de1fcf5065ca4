"""What a choice is worth, what agents see, and what a run of generations shows."""

from __future__ import annotations

import pytest

from demos.rogers.generations import by_generation, report_on
from demos.rogers.models import RogersAgent, fitness, majority


@pytest.mark.parametrize(
    ("share", "colour"), [(0.525, "blue"), (0.475, "yellow"), (1.0, "blue"), (0.0, "yellow")]
)
def test_the_majority_is_the_colour_of_more_than_half(share, colour):
    assert majority(share) == colour


def test_being_right_makes_fitter():
    assert fitness(1, looked=True) > fitness(0, looked=True)


def test_looking_costs():
    assert fitness(1, looked=False) > fitness(1, looked=True)


def test_every_agent_has_some_fitness():
    assert fitness(0, looked=True) > 0


def looking_at(share: float) -> RogersAgent:
    agent = RogersAgent.blank()
    agent.id, agent.proportion = 100_002, share
    return agent


@pytest.mark.parametrize(("share", "blue"), [(0.525, 42), (0.35, 28), (1.0, 80)])
def test_eighty_dots_are_drawn_in_the_right_shares(share, blue):
    colours = [colour for colour, *_ in looking_at(share).dots]
    assert (len(colours), colours.count("#1646a8")) == (80, blue)


def test_a_picture_can_be_drawn_again():
    assert looking_at(0.65).dots == looking_at(0.65).dots


NETWORKS = [{"id": 1, "role": "experiment"}, {"id": 2, "role": "practice"}]


def agent(generation: str, score: str | None, fitness: str = "1.0", **more: object) -> dict:
    usual = {"network_id": 1, "type": "rogers_agent", "failed": False, "property5": None}
    return {"property1": fitness, "property2": generation, "property4": score, **usual, **more}


def social(generation: str, score: str | None) -> dict:
    return agent(generation, score, property5="blue")


def found(*agents: dict):
    return by_generation(NETWORKS, agents)


def test_generations_come_in_their_order():
    assert [row[0] for row in found(agent("1", "1"), agent("0", "1"))] == ["0", "1"]


def test_the_share_of_social_learners_is_counted():
    assert found(agent("0", "1"), social("0", "1"))[0][1:3] == ("2", "50%")


def test_each_kind_of_learner_has_its_own_mean():
    assert found(agent("0", "0"), social("0", "1"))[0][3:5] == ("0%", "100%")


def test_a_kind_without_members_has_no_mean():
    assert found(agent("0", "1"))[0][4] == "-"


def test_fitness_is_averaged():
    assert found(agent("0", "1", "1.0"), agent("0", "1", "2.0"))[0][5] == "1.50"


@pytest.mark.parametrize(
    "left_out", [{"network_id": 2}, {"failed": True}, {"type": "environment"}, {"property4": None}]
)
def test_practice_failed_nodes_the_world_and_the_undecided_are_left_out(left_out):
    assert found(agent("0", "1", **left_out)) == []


def test_the_lines_hold_a_row_for_each_generation():
    lines = report_on(NETWORKS, [agent("0", "1"), agent("1", "0")]).lines
    assert [line.split()[0] for line in lines] == ["generation", "0", "1"]


def test_the_report_mentions_missing_choices():
    report = report_on([], [])
    assert report.lines == ["There are no choices yet."]
    assert report.lines[0] in report.html


def test_the_page_holds_a_row_for_each_generation():
    assert report_on(NETWORKS, [agent("0", "1"), agent("1", "0")]).html.count("<tr>") == 3
