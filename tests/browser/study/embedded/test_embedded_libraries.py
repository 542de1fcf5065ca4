"""Embedded libraries on the real host, by keyboard: jsPsych with a reload, a form of SurveyJS, lab.js."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.accessibility import problems
from tests.browser.hosts import Host, hosting
from tests.browser.study.people import Person

pytestmark = pytest.mark.e2e

DEMOS = Path(__file__).parents[4] / "demos"


@pytest.fixture
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    folder = shutil.copytree(DEMOS / request.param, tmp_path / request.param)
    code = folder / "experiment.py"
    code.write_text(code.read_text(encoding="utf-8").replace('"repeat": 10', '"repeat": 2'), encoding="utf-8")
    # A trial that nothing answers for three seconds on a busy machine would be a miss.
    for task in (folder / "static").glob("*.html"):
        text = task.read_text(encoding="utf-8")
        task.write_text(re.sub(r"(trial_duration|timeout): \d+", r"\1: 60000", text), encoding="utf-8")
    (tmp_path / "run").mkdir()
    with hosting(folder, tmp_path / "run") as served:
        yield served


class Guest(Person):
    """A participant in front of an embedded file."""

    @contextmanager
    def in_frame(self) -> Iterator[Chrome]:
        frame = self.wait().until(lambda browser: browser.find_element(By.CSS_SELECTOR, ".embed-frame"))
        self.browser.switch_to.frame(frame)
        try:
            yield self.browser
        finally:
            self.browser.switch_to.default_content()

    def see(self, selector: str) -> str:
        """Return the text of a part of the embedded file, once it is shown."""
        return str(self.visible(selector).text)


def trials(host: Host) -> list[dict[str, Any]]:
    rows = host.rows("select number, response, correct, rt_ms, data from trial order by number")
    return [{**row, "data": json.loads(row["data"])} for row in rows]


def decide(one: Guest, right: dict[str, str], shown: str, count: int) -> None:
    """Answer trials by keyboard, each as soon as the one before it is gone."""
    new = (
        "const shown = document.querySelector(arguments[0]); if (!shown || shown.dataset.seen) return null;"
        "shown.dataset.seen = 'yes'; return shown.textContent;"
    )
    for _ in range(count):
        with one.in_frame():
            text = one.wait().until(lambda browser: browser.execute_script(new, shown))
            one.keys(right[text])


ARROWS = {"<<<<<": "f", "<<><<": "j", ">>>>>": "j", ">><>>": "f"}
WORDS = {
    **dict.fromkeys(("table", "garden", "window", "river"), "f"),
    **dict.fromkeys(("flirp", "brone", "plave", "snerd"), "j"),
}


def no_token(one: Guest) -> str:
    """Try to read what the page around the frame has; return why that fails."""
    with one.in_frame() as browser:
        reads = "try { return String(%s) } catch (error) { return error.name }"
        return " ".join(
            browser.execute_script(reads % what)
            for what in ("localStorage", "parent.dallinger", "self.origin")
        )


@pytest.mark.parametrize("host", ["flanker"], indirect=True)
def test_a_jspsych_timeline_goes_on_after_a_reload_and_each_trial_is_stored_once(
    browser: Chrome, host: Host
) -> None:
    one = Guest(browser, host.address, 1)
    one.come().is_at("welcome")
    one.go_on()
    one.is_at("flanker")
    assert no_token(one) == "SecurityError SecurityError null"
    decide(one, ARROWS, ".arrows", 3)
    with one.in_frame():
        one.visible(".arrows:not([data-seen])")
    found = problems(browser, "embedded-jspsych")
    with one.in_frame():
        found += problems(browser, "embedded-jspsych-frame")
    one.browser.execute_script("window.dallinger.allowExit()")
    one.browser.refresh()
    one.is_at("flanker")
    decide(one, ARROWS, ".arrows", 5)
    one.is_at("end")
    stored = trials(host)
    assert [row["number"] for row in stored] == list(range(1, 9))
    assert all(row["correct"] and row["rt_ms"] > 0 for row in stored)
    assert [row["data"]["trial_index"] for row in stored] == list(range(8))
    assert sum(row["data"]["agrees"] for row in stored) == 4
    assert found == []


@pytest.mark.parametrize("host", ["sleep_survey"], indirect=True)
def test_a_form_of_surveyjs_keeps_answers_over_a_reload_and_gives_one_response_per_question(
    browser: Chrome, host: Host
) -> None:
    one = Guest(browser, host.address, 1)
    one.come().is_at("survey")
    with one.in_frame():
        one.visible("input[type=number]")
        found = problems(browser, "embedded-surveyjs-frame")
        one.visible("input[type=number]").send_keys("7")
        one.keys(Keys.TAB, Keys.SPACE)
        one.visible("input[value=Next]").send_keys(Keys.ENTER)
        one.visible("textarea")
    found += problems(browser, "embedded-surveyjs")
    one.browser.execute_script("window.dallinger.allowExit()")
    one.browser.refresh()
    one.is_at("survey")
    with one.in_frame():
        one.visible("textarea").send_keys("no, nothing")
        browser.find_element(By.CSS_SELECTOR, "input[type=radio]").send_keys(Keys.SPACE)
        one.visible("input[value=Complete]").send_keys(Keys.ENTER)
    one.is_at("advice")
    rows = host.rows("select item, kind, answer from response where page = 'survey'")
    assert {(row["item"], row["kind"], row["answer"]) for row in rows} == {
        ("survey.hours", "text", 7),
        ("survey.quality", "rating", 1),
        ("survey.wakes", "radiogroup", "never"),
        ("survey.habits", "checkbox", None),
        ("survey.comments", "comment", "no, nothing"),
    }
    assert found == []


@pytest.mark.parametrize("host", ["lexical_decision"], indirect=True)
def test_each_screen_of_a_labjs_study_becomes_a_trial(browser: Chrome, host: Host) -> None:
    one = Guest(browser, host.address, 1)
    one.come().is_at("welcome")
    one.go_on()
    one.is_at("words")
    decide(one, WORDS, ".word", 7)
    with one.in_frame():
        one.visible(".word:not([data-seen])")
        found = problems(browser, "embedded-labjs-frame")
    found += problems(browser, "embedded-labjs")
    decide(one, WORDS, ".word", 1)
    one.is_at("debrief")
    stored = [row for row in trials(host) if row["data"]["sender"] == "Decision"]
    assert len(stored) == 8
    assert all(row["correct"] and row["rt_ms"] > 0 for row in stored)
    assert {row["data"]["letters"] for row in stored} == set(WORDS)
    assert found == []
