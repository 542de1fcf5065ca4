"""The demo of a prisoner's dilemma: matches with strangers, which end by chance, for all at the same time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from chalicelib.experiment.loader.experiment_folder import load_experiment
from tests.study.studies import answer, due
from tests.web.conftest import NewWorld
from tests.web.world import Person, World

FOLDER = Path(__file__).parents[3] / "demos" / "prisoners_dilemma"


@pytest.fixture
def here(world: NewWorld, tmp_path: Path) -> World:
    loaded = load_experiment(FOLDER, environ={}, home=tmp_path)
    return world(loaded.experiment_class, initial_recruitment_size=6)


def play_round(people: list[Person], choices: dict[int, str]) -> None:
    """Let everybody choose, and look at the result."""
    for person in people:
        assert due(person)["page"] == "decide"
        answer(person, act=choices.get(person.id, "b"))
    for person in people:
        assert due(person)["page"] == "result"
        answer(person)


def test_six_people_play_five_matches_each_with_another_person(here: World) -> None:
    people = [here.arrive() for _ in range(6)]
    for person in people:
        answer(person)
    here.work()
    lengths: Counter[str] = Counter()
    while due(people[0])["page"] != "debrief":
        paths = {due(person)["path"].rpartition("/")[0] for person in people}
        assert len(paths) == 1, "all pairs are in the same round of the same match"
        lengths[paths.pop().partition("/")[0]] += 1
        play_round(people, {people[0].id: "a"})
    assert len(lengths) == 5
    rounds = sum(lengths.values())
    points = {item["participant_id"]: int(item["points"]) for item in here.items("place")}
    # The first chose A and the others B: each of them met the first in one match.
    assert points.pop(people[0].id) == 12 * rounds
    assert sum(points.values()) == 25 * 4 * rounds + 50 * rounds
    assert len(here.items("study_group")) == 15


def test_the_files_have_at_most_45_lines() -> None:
    files = [*FOLDER.glob("*.py"), *FOLDER.glob("pages/*.md")]
    lines = [line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    assert len([line for line in lines if line and not line.startswith("#:")]) <= 45
