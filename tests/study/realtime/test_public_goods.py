"""The demo of a public goods game: contributions are shared, and punishment costs both sides."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.experiment.loader.experiment_folder import load_experiment
from tests.study.realtime.test_chat import say
from tests.study.studies import answer, due
from tests.web.conftest import NewWorld
from tests.web.world import Person, World

FOLDER = Path(__file__).parents[3] / "demos" / "public_goods"


@pytest.fixture
def here(world: NewWorld, tmp_path: Path) -> World:
    loaded = load_experiment(FOLDER, environ={}, home=tmp_path)
    return world(loaded.experiment_class, initial_recruitment_size=4)


def group_of_four(here: World) -> list[Person]:
    people = [here.arrive() for _ in range(4)]
    for person in people:
        answer(person)
    here.work()
    return people


def points(here: World) -> dict[int, str]:
    return {item["participant_id"]: item.get("points", "0") for item in here.items("place")}


def test_a_round_shares_the_pot_and_punishment_costs_both_sides(here: World) -> None:
    people = group_of_four(here)
    for person, give in zip(people, (20, 10, 10, 0), strict=True):
        answer(person, give=give)
    # The pot is 40 points, so each gets 16.
    assert points(here) == {1: "16", 2: "26", 3: "26", 4: "36"}
    shown = due(people[0])
    assert "Member 4 gave 0" in shown["html"]
    assert "Member 1 gave" not in shown["html"]
    answer(people[0], punish={"2": 0, "3": 0, "4": 2})
    for person in people[1:]:
        answer(person)
    assert points(here) == {1: "14", 2: "26", 3: "26", 4: "30"}
    assert "others took 6 points from you" in due(people[3])["html"]


def test_the_group_talks_before_the_next_round(here: World) -> None:
    people = group_of_four(here)
    for answers in ({"give": 5}, {}, {}):
        for person in people:
            answer(person, **answers)
    assert {due(person)["kind"] for person in people} == {"chat"}
    say(people[1], "Let us all give 20.")
    assert due(people[2])["data"]["messages"][0]["text"] == "Let us all give 20."
    here.clock.turn(seconds=63)
    assert {due(person)["path"] for person in people} == {"rounds[2]/contribute"}


def test_the_files_have_at_most_70_lines() -> None:
    files = [FOLDER / "experiment.py", *FOLDER.glob("pages/*.md")]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= 70
