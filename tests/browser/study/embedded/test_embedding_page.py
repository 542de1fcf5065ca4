"""The page around an embedded file: what it sends, keeps and refuses, over broken connections and reloads."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from infra.site import SiteSource, build
from tests.browser.conftest import CONFIG, answers_like_an_experiment
from tests.browser.standin import DROPPED, Answer, serving
from tests.browser.study.questions import asking
from tests.browser.study.scripted_study import Due, ScriptedStudy
from tests.browser.study.study_page import StudyPage

TASK = """<!doctype html>
<html lang="en"><head><title>Task</title><script src="/static/scripts/petri-task.js"></script></head>
<body><p id="begun"></p><button id="record">Record</button><button id="finish">Finish</button>
<script>
  petri.begin().then(({ stored, state, data }) => {
    let count = stored.length;
    document.getElementById("begun").textContent = JSON.stringify({ stored, state, data });
    document.getElementById("record").onclick = () => {
      count += 1;
      petri.trial({ count });
      petri.save({ count });
    };
    document.getElementById("finish").onclick = () => petri.finish({ liked: "yes" });
  });
</script></body></html>
"""
DATA = {
    "src": "/static/task.html",
    "same_origin": False,
    "first": 0,
    "trials": True,
    "batch": 2,
    "given": {"word": "owl"},
    "seed": 1,
}


class StudyOfTrials(ScriptedStudy):
    """Stores trials as the server does, and answers some batches as the test says."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, (self.embedded([]), asking("The result")))
        self.stored: list[Any] = []
        self.faults: list[Answer] = []

    @staticmethod
    def embedded(stored: list[Any]) -> Due:
        more = {"kind": "embed", "button": None, "script": "/static/scripts/petri-embed.js"}
        return Due("task", "", more=more | {"data": DATA | {"first": len(stored)}, "stored_trials": stored})

    def _take(self, data: dict[str, str]) -> Answer:
        answers = json.loads(data["answers"])
        if self.at == 0 and self.faults:
            return self.faults.pop(0)
        if self.at == 0 and not answers.get("done"):
            self.stored += answers["trials"][len(self.stored) - answers["first"] :]
            self.pages[0] = self.embedded(self.stored)
            return self._due()
        return super()._take(data)


@pytest.fixture(scope="module")
def task_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("embedded")
    (folder / "static").mkdir()
    (folder / "static" / "task.html").write_text(TASK, encoding="utf-8")
    source = SiteSource(folder, "study", "debug", CONFIG | {"title": "Decisions"}, is_study=True)
    return build(source, folder / "site").root


@pytest.fixture
def embedded(browser: Chrome, task_site: Path) -> Iterator[tuple[StudyPage, StudyOfTrials]]:
    """The embedded page, opened in the browser, and the scripted study that it speaks to."""
    with serving(task_site, StudyOfTrials(task_site)) as study:
        answers_like_an_experiment(study)
        page = StudyPage(browser)
        page.open(study.url)
        yield page, study


@contextlib.contextmanager
def in_frame(page: StudyPage) -> Iterator[None]:
    page.browser.switch_to.frame(page.visible(".embed-frame"))
    try:
        page.wait().until(lambda browser: browser.find_element(By.ID, "begun").text)
        yield
    finally:
        page.browser.switch_to.default_content()


def test_trials_are_sent_again_until_they_are_stored_and_the_answers_end_the_page(
    embedded: tuple[StudyPage, StudyOfTrials],
) -> None:
    page, study = embedded
    study.faults = [DROPPED]
    with in_frame(page):
        assert "owl" in page.visible("#begun").text
        page.press("#record")
        page.press("#record")
        page.press("#record")
        page.press("#finish")
    page.shows("The result")
    assert study.stored == [{"count": 1}, {"count": 2}, {"count": 3}]
    assert study.taken[0]["answers"] == {"first": 3, "trials": [], "answers": {"liked": "yes"}, "done": True}
    # The frame has had the focus, so the participant never left.
    assert [each for each in study.taken[0]["events"] if each["event"] == "focus"] == []


def test_a_reload_while_the_network_is_down_loses_neither_a_trial_nor_the_state_of_the_file(
    embedded: tuple[StudyPage, StudyOfTrials],
) -> None:
    page, study = embedded
    with in_frame(page):
        page.press("#record")
        page.press("#record")
        page.wait().until(lambda _: len(study.stored) == 2)
        study.faults = [DROPPED] * 3
        page.press("#record")
    kept = "return petri.draft('embed:7').value?.state?.count"
    page.wait().until(lambda browser: browser.execute_script(kept) == 3)
    page.browser.execute_script("window.dallinger.allowExit()")
    page.browser.refresh()
    with in_frame(page):
        expected = '"stored":[{"count":1},{"count":2},{"count":3}],"state":{"count":3}'
        assert expected in page.visible("#begun").text
        page.press("#finish")
    page.shows("The result")
    assert study.stored == [{"count": 1}, {"count": 2}, {"count": 3}]


def test_trials_that_the_server_refuses_are_reported_on_the_page(
    embedded: tuple[StudyPage, StudyOfTrials],
) -> None:
    page, study = embedded
    items = {"trials": "Trial 1 can't be stored."}
    refusal = Answer({"status": "error", "error_code": "answers_refused", "items": items}, 422)
    with in_frame(page):
        study.faults = [refusal] * 2
        page.press("#record")
        page.press("#record")
    assert page.visible("#problems").text == "Trial 1 can't be stored."
    assert study.taken == []


def test_another_frame_is_not_answered_even_with_the_right_word(
    embedded: tuple[StudyPage, StudyOfTrials],
) -> None:
    page, _ = embedded
    with in_frame(page):
        pass
    page.browser.execute_script(
        """
        const word = new URL(document.querySelector(".embed-frame").src).hash.replace("#petri=", "");
        const other = document.createElement("iframe");
        other.id = "other";
        other.sandbox = "allow-scripts";
        const hello = JSON.stringify({ petri: "hello", word });
        other.srcdoc = `<p id=got>nothing</p><script>
          onmessage = ({ data }) => { if (data.petri) got.textContent = data.petri; };
          parent.postMessage(${hello}, "*"); parent.postMessage("echo", "*");<` + "/script>";
        addEventListener("message", ({ data }) => {
          if (data === "echo") document.body.dataset.heard = "yes";
        });
        document.body.append(other);
        """
    )
    page.visible("body[data-heard]")
    page.browser.switch_to.frame("other")
    assert page.visible("#got").text == "nothing"
    page.browser.switch_to.default_content()


STORES = (
    "try { localStorage.setItem('petri-test', 'kept'); return localStorage.getItem('petri-test') }"
    " catch (error) { return error.name }"
)


def test_a_file_of_the_same_origin_has_storage_and_another_one_has_none(
    embedded: tuple[StudyPage, StudyOfTrials],
) -> None:
    page, study = embedded
    with in_frame(page):
        assert page.browser.execute_script(STORES) == "SecurityError"
    more = study.pages[0].more
    study.pages[0] = replace(study.pages[0], more={**more, "data": {**more["data"], "same_origin": True}})
    page.browser.execute_script("window.dallinger.allowExit()")
    page.browser.refresh()
    with in_frame(page):
        assert page.browser.execute_script(STORES) == "kept"
        page.press("#record")
        page.press("#finish")
    page.shows("The result")
    assert study.stored == [{"count": 1}]
