"""Grading by peers on the real host: two people in two tabs of one browser, with the keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from tests.browser.accessibility import problems
from tests.browser.hosts import Host, hosting
from tests.browser.study.people import Person
from tests.browser.study.realtime.test_chatting import CONFIG

STUDY = """
from petri.study import End, Form, GradePeers, Study, text


class Essays(Study):
    essay = text("Why do leaves turn red?", long=True, points=10, grading="peer")
    timeline = [
        Form("write", ask="essay"),
        GradePeers(
            "essay",
            answers=1,
            rubric={"clarity": "Is it easy to follow?", "evidence": "Does it give reasons?"},
            text="Be fair.",
        ),
        End(),
    ]
"""
ANSWERS = "return [...document.querySelectorAll('.peer-answer blockquote')].map((one) => one.innerText);"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("essays")
    (folder / "experiment.py").write_text(STUDY, encoding="utf-8")
    (folder / "config.txt").write_text(CONFIG, encoding="utf-8")
    with hosting(folder, tmp_path_factory.mktemp("run")) as served:
        yield served


def write(person: Person, essay: str) -> None:
    person.is_at("write")
    person.visible("textarea").send_keys(essay)
    person.go_on()


def test_two_people_grade_each_other_with_a_rubric(browser: Chrome, host: Host) -> None:
    one, other = Person(browser, host.address, 1), Person(browser, host.address, 2)
    one.come()
    other.come()
    write(one, "Because it is <i>cold</i>.")
    one.is_at("answers")
    assert problems(browser, "study-peers-waiting") == []
    write(other, "They lose their green.")
    other.is_at("essay_grading")
    assert browser.execute_script(ANSWERS) == ["Because it is <i>cold</i>."]
    one.is_at("essay_grading")
    assert browser.execute_script(ANSWERS) == ["They lose their green."]
    assert problems(browser, "study-peers") == []
    for criterion in ("clarity", "evidence"):
        one.visible(f"[name='essay_grade_1.{criterion}'][value='4']").send_keys(Keys.SPACE)
    one.go_on()
    one.is_at("end")
