"""Studies that tests take part in, and how a participant goes through their pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chalicelib.study.pages import CompiledPage, CompiledPages
from chalicelib.study.study import Study
from demos.ultimatum import experiment as ultimatum
from petri.study import Page
from tests.web.conftest import NewWorld
from tests.web.world import Person, Said, World

OpenStudy = Callable[..., World]


Ultimatum = ultimatum.Ultimatum
#: Short pages for the demo's study, whose texts tests compare.
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
