"""Studies whose timeline and network depend on settings, and how many participants they recruit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.experiment.config.configuration import get_config
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment, load_experiment
from chalicelib.study.bots import BotError
from petri import DiscreteGenerational
from petri.study import End, Join, Page, Study, StudyBot, number
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import OPERATOR_TOKEN

CODE = """
from petri import Chain, get_config
from petri.study import End, Join, Page, Rounds, Study, StudyBot, text

def extra_parameters():
    get_config().register("tellings", int, default=2, minimum=1)

class Bot(StudyBot):
    answers = {"story": "once"}

class Telling(Study):
    story = text("What was it?", pass_on=True)
    start = ("A tale",)

    @classmethod
    def timeline(cls, config):
        return [Rounds(config.get("tellings"), [Join(), Page("tell", ask="story")]), End()]

    @classmethod
    def network(cls, config):
        return Chain(max_size=3)

    @classmethod
    def copies(cls, config):
        return config.get("tellings")

    def configure(self):
        self.initial_recruitment_size = 1
"""


@pytest.fixture(autouse=True)
def no_settings_are_left() -> Iterator[None]:
    """The settings belong to the process, so the next test would have them."""
    yield
    get_config().reset()


def loaded(folder: Path, **settings: object) -> LoadedExperiment:
    (folder / "pages").mkdir()
    (folder / "pages" / "tell.md").write_text("{{ received[-1] }}\n", encoding="utf-8")
    (folder / "experiment.py").write_text(CODE, encoding="utf-8")
    (folder / "config.txt").write_text("[Experiment]\nnum_participants = 3\n", encoding="utf-8")
    return load_experiment(folder, environ={}, home=folder, runtime=settings)


@pytest.mark.parametrize(("settings", "rounds"), [({}, 2), ({"tellings": 5}, 5)])
def test_a_timeline_can_depend_on_settings(tmp_path: Path, settings: dict[str, int], rounds: int) -> None:
    study = loaded(tmp_path, **settings).experiment_class
    (step, _) = (step for path, step in study.plan().steps() if "/" not in path)
    assert (step.element.fixed, study.copies, study.network.max_size) == (rounds, rounds, 3)


def test_configure_can_set_how_many_are_recruited_at_first(tmp_path: Path) -> None:
    assert loaded(tmp_path).experiment_class().initial_recruitment_size == 1


def test_an_own_bot_knows_the_items_of_its_study(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    bot = found.bots()["Bot"]
    assert set(bot.study.items()) == {"story"}


def test_a_bot_quotes_what_it_has_read() -> None:
    bot = StudyBot("http://127.0.0.1:9/ad?workerId=w")
    bot.remember(
        {
            "page": "read",
            "html": '<h1>Read</h1><blockquote class="text">A &lt;b&gt;\n<i>tale</i></blockquote>',
        }
    )
    assert bot.text_on("read", "blockquote") == "A <b>\ntale"
    with pytest.raises(BotError, match="no <p> on a page 'read'"):
        bot.text_on("read", "p")


class Adults(Study):
    """Screens out children."""

    num_participants = 1
    age = number("How old are you?")
    timeline = (Page("ask", ask="age"), End("screen_out", show_if="age < 18"), End())


@pytest.mark.parametrize("how", ["is screened out", "returns the assignment"])
def test_the_last_participant_is_replaced_too(open_study: OpenStudy, how: str) -> None:
    here = open_study(Adults, screen_out_payment=0.5, auto_recruit=True).launch()
    here.work()
    person = here.arrive()
    due(person)
    if how == "is screened out":
        assert answer(person, age=9)["kind"] == "end"
    else:
        event = {"Event.1.EventType": "AssignmentReturned", "participant_id": person.id}
        assert here.get("/notifications", event, token=OPERATOR_TOKEN).status == 200
    here.work()
    assert [(event, count) for _, event, count in here.recruited()] == [("recruit", 1)] * 2


def test_places_that_are_still_open_are_not_opened_again(open_study: OpenStudy) -> None:
    class Three(Adults):
        num_participants = 3

    here = open_study(Three, auto_recruit=True).launch()
    here.work()
    person = here.arrive()
    due(person)
    assert answer(person, age=20)["kind"] == "end"
    here.work()
    assert sum(count for _, event, count in here.recruited() if event == "recruit") == 3


class Generations(Study):
    """Two generations of two participants."""

    network = DiscreteGenerational(2, 2)
    age = number("How old are you?", pass_on=True)
    timeline = (Join(), Page("ask", ask="age"), End())


def take_part(here: OpenStudy) -> None:
    person = here.arrive()
    due(person)
    here.work()
    assert answer(person, age=20)["kind"] == "end"
    here.work()


def test_a_generation_is_recruited_when_the_one_before_is_complete(open_study: OpenStudy) -> None:
    here = open_study(Generations, auto_recruit=True).launch()
    here.work()
    counts = []
    for _ in range(4):
        take_part(here)
        counts.append([(event, count) for _, event, count in here.recruited()])
    assert counts[0] == [("recruit", 2)]
    assert counts[1] == counts[2] == [("recruit", 2)] * 2
    assert counts[3] == [("recruit", 2), ("recruit", 2), ("close", 0)]


def test_a_member_of_a_generation_who_leaves_is_replaced(open_study: OpenStudy) -> None:
    here = open_study(Generations, auto_recruit=True).launch()
    here.work()
    person = here.arrive()
    due(person)
    event = {"Event.1.EventType": "AssignmentReturned", "participant_id": person.id}
    assert here.get("/notifications", event, token=OPERATOR_TOKEN).status == 200
    here.work()
    assert [(event, count) for _, event, count in here.recruited()] == [("recruit", 2), ("recruit", 1)]
