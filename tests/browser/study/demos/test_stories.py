"""The demo bartlett1932 on the real host: a story is read, written down from memory, and passed on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser.accessibility import problems
from tests.browser.hosts import Host, hosting
from tests.browser.study.people import Person

DEMO = Path(__file__).parents[4] / "demos" / "bartlett1932"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosting(DEMO, tmp_path_factory.mktemp("stories")) as served:
        yield served


def starts_writing(browser: Chrome, host: Host, number: int) -> tuple[Person, str]:
    """Read the story as a new participant; return what it said."""
    one = Person(browser, host.address, number)
    one.come().is_at("instructions")
    one.go_on()
    one.is_at("read")
    story = one.visible("blockquote").text
    one.go_on()
    one.is_at("write")
    return one, story


def test_a_person_retells_the_story_and_the_next_one_reads_it(browser: Chrome, host: Host) -> None:
    one = Person(browser, host.address, 1)
    one.come().is_at("instructions")
    found = problems(browser, "bartlett1932-instructions")
    one.go_on()
    one.is_at("read")
    found += problems(browser, "bartlett1932-read")
    story = (DEMO / "static" / "stimuli" / "ghosts.md").read_text(encoding="utf-8")
    assert one.visible("blockquote").text.split() == story.split()
    one.go_on()
    one.is_at("write")
    one.write("retelling", "Too short.")
    assert one.visible("output").text == "2 words"
    one.go_on()
    assert one.error_of("retelling").startswith("That is very short.")
    found += problems(browser, "bartlett1932-write")
    one.write("retelling", "He saw <b>ghosts</b> & five canoes.")
    browser.execute_script("window.dallinger.allowExit()")
    browser.refresh()
    one.is_at("write")
    assert not browser.find_elements("tag name", "blockquote")
    assert one.visible("output").text == "6 words"
    one.go_on()
    one.is_at("questionnaire")
    found += problems(browser, "bartlett1932-questionnaire")
    _, read = starts_writing(browser, host, 2)
    assert read == "He saw <b>ghosts</b> & five canoes."
    assert found == []
