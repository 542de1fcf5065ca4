"""The site of a study, and scripted studies on it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from infra.site import SiteSource, build
from tests.browser.conftest import CONFIG, answers_like_an_experiment
from tests.browser.standin import serving

from .scripted_study import Due, ScriptedStudy
from .study_page import StudyPage

Open = Callable[..., tuple[StudyPage, ScriptedStudy]]


@pytest.fixture(scope="session")
def study_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    (folder / "static").mkdir()
    (folder / "static" / "count.js").write_text(
        "export default function ({ element, answer, submit, data, signal }) {\n"
        '  element.querySelector("#stimulus").textContent = `Number ${data.number}`;\n'
        '  addEventListener("keydown", ({ key }) => { answer("key", key); submit(); }, { signal });\n'
        "}\n",
        encoding="utf-8",
    )
    source = SiteSource(folder, "study", "debug", CONFIG | {"title": "Decisions"}, is_study=True)
    return build(source, folder / "site").root


@pytest.fixture
def opened(browser: Chrome, study_site: Path) -> Iterator[Open]:
    """Open a scripted study in the browser: `opened(page, page, ...)` gives the page and the study."""
    with contextlib.ExitStack() as stack:

        def open_it(*pages: Due) -> tuple[StudyPage, ScriptedStudy]:
            study = stack.enter_context(serving(study_site, ScriptedStudy(study_site, pages)))
            answers_like_an_experiment(study)
            page = StudyPage(browser)
            page.open(study.url)
            return page, study

        yield open_it
