"""Studies that tests take part in, and how a participant goes through their pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chalicelib.study.pages import CompiledPage, CompiledPages
from chalicelib.study.study import Study
from petri.study import End, Group, Page, Rounds, Wait, choice, number
from tests.web.conftest import NewWorld
from tests.web.world import Person, Said, World

OpenStudy = Callable[..., World]


class Ultimatum(Study):
    """Two people, three rounds, roles, time limits, pay by result."""

    offer = number("How much do you offer?", minimum=0, maximum=10, unit="points")
    accept = choice("Do you accept?", {"yes": "Yes, I accept", "no": "No, I reject"})

    timeline = (
        Page("welcome"),
        Group(2, roles=["proposer", "responder"], wait_minutes=5),
        Rounds(
            3,
            [
                Page("propose", ask="offer", role="proposer", seconds=60, on_timeout={"offer": 5}),
                Wait(),
                Page("respond", ask="accept", role="responder", seconds=60, on_timeout={"accept": "no"}),
                Wait(then="pay"),
                Page("result", seconds=20),
            ],
        ),
        Page("debrief"),
        End(),
    )

    def pay(self, group):
        offer, accepted = group.role("proposer").offer, group.role("responder").accept == "yes"
        group.role("proposer").earn(10 - offer if accepted else 0)
        group.role("responder").earn(offer if accepted else 0)


ULTIMATUM_PAGES = {
    "respond": 'They offer {{ group.role("proposer").offer }}.',
    "result": "You have {{ player.points }} points.",
}


def compiled(names: Mapping[str, str]) -> CompiledPages:
    """Return pages with these templates."""
    pages = {("", name): CompiledPage(name, "", template) for name, template in names.items()}
    return CompiledPages(pages)


def page_names(study: type[Study]) -> list[str]:
    return [step.element.name for _, step in study.plan().steps() if isinstance(step.element, Page)]


@pytest.fixture
def open_study(world: NewWorld) -> OpenStudy:
    """Opens a run of a study; a page without a template of its own shows its name."""

    def open_run(study: type[Study], pages: Mapping[str, str] | None = None, **settings: Any) -> World:
        templates = {name: f"<h1>{name}</h1>" for name in page_names(study)} | dict(pages or {})
        # A class of its own: what pages declare is kept on the class.
        own = type(study.__name__, (study,), {})
        own.use_pages(compiled(templates))
        return world(own, **settings)

    return open_run


def due(person: Person) -> Said:
    """Ask for the page that is due."""
    said = person.get("/page")
    assert said.status == 200, said
    return said


def answer(person: Person, serial: int | None = None, *, timeout: bool = False, **answers: Any) -> Said:
    """Post answers to the page that is due, or to the one with a serial."""
    body = {"serial": due(person)["serial"] if serial is None else serial, "answers": answers}
    return person.world.post_json("/page", body | ({"timeout": True} if timeout else {}), token=person.token)
