"""Peer instruction on the real host: two people in two tabs of one browser."""

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
from petri.study import End, PeerInstruction, Study, choice


class Falling(Study):
    faster = choice(
        "Which falls faster in a vacuum?",
        {"heavy": "The <i>heavy</i> ball", "light": "The light ball", "same": "Neither"},
        right="same",
    )
    timeline = [PeerInstruction("faster", seconds=300, can_leave=True), End()]
"""
DISCUSSED = "return [...document.querySelectorAll('.discussed li')].map((line) => line.textContent);"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("falling")
    (folder / "experiment.py").write_text(STUDY, encoding="utf-8")
    (folder / "config.txt").write_text(CONFIG, encoding="utf-8")
    with hosting(folder, tmp_path_factory.mktemp("run")) as served:
        yield served


def vote(person: Person, page: str, key: str) -> None:
    person.is_at(page)
    person.visible(f"input[value={key}]").send_keys(Keys.SPACE)
    person.go_on()


def test_two_people_vote_discuss_and_vote_again(browser: Chrome, host: Host) -> None:
    one, other = Person(browser, host.address, 1), Person(browser, host.address, 2)
    one.come()
    other.come()
    vote(one, "faster_vote", "heavy")
    one.is_at("peers")
    vote(other, "faster_vote", "same")
    other.is_at("faster_discussion")
    assert browser.execute_script(DISCUSSED) == ["Member 1: The <i>heavy</i> ball", "You: Neither"]
    one.is_at("faster_discussion")
    assert browser.execute_script(DISCUSSED) == ["You: The <i>heavy</i> ball", "Member 2: Neither"]
    one.visible("#chat-text").send_keys("There is no air." + Keys.ENTER)
    one.reads("There is no air.")
    assert problems(browser, "study-discussion") == []
    for person in (one, other):
        person.front()
        person.reads("There is no air.")
        person.go_on()
        vote(person, "faster_revote", "same")
        person.is_at("end")
