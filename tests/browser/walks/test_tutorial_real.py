"""The tutorial's Bartlett pages and script, as printed, against the real host instead of a scripted one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser import chromium
from tests.browser.hosts import Host, hosting
from tests.browser.pages import StoryPage
from tests.browser.visits import Visit

TUTORIAL = Path(__file__).parents[1] / "tutorial_bartlett"
STORY = (TUTORIAL / "static" / "stimuli" / "ghosts.md").read_text(encoding="utf-8")
RETELLING = "There was a whale, and nobody had seen it."


class Passage:
    """The story's way from one person to the next; the first of them reloads the page while reading."""

    def __init__(self, browser: Chrome, host: Host) -> None:
        self.browser, self.host = browser, host
        self.first, self.second = Visit(browser, host), Visit(browser, host)
        self.first.come_to_the_story()
        self.first.read()
        browser.refresh()
        self.after_the_reload = StoryPage(browser).read()
        self.first.retell(RETELLING)
        chromium.tidy(browser)
        self.second.come_to_the_story()
        self.second.retell("There was a whale.")


@pytest.fixture(scope="module")
def passage(whole_browser: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Passage]:
    with hosting(TUTORIAL, tmp_path_factory.mktemp("tutorial")) as host:
        yield Passage(whole_browser, host)
    chromium.tidy(whole_browser)


def test_the_first_reads_the_story_of_the_source(passage):
    assert passage.first.has_read.split() == STORY.split()


def test_the_second_reads_what_the_first_wrote(passage):
    assert passage.second.has_read == RETELLING


def test_a_reload_while_reading_shows_the_same_story(passage):
    assert passage.after_the_reload == passage.first.has_read


def test_a_reload_makes_no_second_node(passage):
    assert len(passage.host.nodes(passage.first.worker)) == 1


@pytest.mark.parametrize("who", ["first", "second"])
def test_the_pages_as_printed_lead_to_the_exit(passage, who):
    assert getattr(passage, who).last_words.startswith("Thank you for taking part")
