"""The survey demo, one Markdown file, from the first page to the pay."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from chalicelib.experiment.loader.experiment_folder import load_experiment
from tests.study.studies import answer, due
from tests.web.conftest import NewWorld
from tests.web.world import Person, World

DEMO = Path(__file__).parents[3] / "demos" / "survey"
OPINIONS = {"sure": 1, "easy": 2, "moral": 3, "calm": 4, "risk": 5, "trust": 1}


@pytest.fixture
def here(world: NewWorld, tmp_path: Path) -> World:
    loaded = load_experiment(DEMO, environ={}, home=tmp_path)
    settings = {"points_per_dollar": 4, "screen_out_payment": 0.1, "base_payment": 0.5}
    return world(loaded.experiment_class, **settings, initial_recruitment_size=20)


def decides(person: Person) -> str:
    """Answer up to the decision, and return its page."""
    assert due(person)["page"] == "welcome"
    return str(answer(person, age=30)["html"])


def test_a_participant_who_attends_completes_the_survey_and_earns_a_bonus(here: World):
    person = here.arrive()
    shown = decides(person)
    assert ("Plan A saves 200 people." in shown) != ("With plan A, 400 people die." in shown)
    assert "<math" in shown
    assert answer(person, plan="a")["page"] == "opinions"
    assert answer(person, **OPINIONS, check=4)["page"] == "debrief"
    assert answer(person)["kind"] == "end"
    here.work()
    assert here.owed(person) == {"base": "0.50", "bonus": "0.50"}


def test_a_participant_who_doesnt_attend_is_screened_out_with_pay(here: World):
    person = here.arrive()
    decides(person)
    answer(person, plan="b")
    last = answer(person, **OPINIONS, check=1)
    assert last["kind"] == "end"
    assert "You missed a question about attention" in last["html"]
    here.work()
    assert here.owed(person) == {"screen-out": "0.10"}


def test_a_participant_below_18_is_screened_out_at_once(here: World):
    person = here.arrive()
    due(person)
    assert answer(person, age=17)["kind"] == "end"


def test_both_conditions_are_completed_equally_often_though_some_are_screened_out(here: World):
    completed: Counter[bool] = Counter()
    for number in range(12):
        person = here.arrive()
        reads_saved = "Plan A saves" in decides(person)
        answer(person, plan="a")
        is_attentive = number % 3 != 0
        last = answer(person, **OPINIONS, check=4 if is_attentive else 2)
        if is_attentive:
            assert last["page"] == "debrief"
            answer(person)
            completed[reads_saved] += 1
        here.work()
    assert completed == {True: 4, False: 4}
