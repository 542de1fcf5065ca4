"""The tutorial's pages and script, as printed, in a browser: two people pass the message on."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from infra.scaffold import create
from tests.browser.pages import AdPage, ConsentPage, InstructionsPage, QuestionnairePage, StoryPage
from tests.docs.blocks import DOCS, blocks
from tests.docs.shell import Reader

pytestmark = pytest.mark.browser
MESSAGE = "Aunt Mila leaves from the old pier"
RETOLD = "Mila leaves at seven."


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    create("whispers", tmp_path)
    follower = Reader(tmp_path)
    for block in blocks(DOCS / "tutorial.md"):
        if block.what == "file":
            follower.write(block)
    return follower


def _take_part(browser: Chrome, link: str, text: str) -> str:
    """Go from the ad to the exit; return the message that was read."""
    browser.get(link)
    AdPage(browser).begin()
    ConsentPage(browser).agree()
    InstructionsPage(browser).go_on()
    page = StoryPage(browser)
    message = page.read()
    page.finish_reading()
    page.write(text)
    page.submit()
    page.arrive_at("/questionnaire")
    QuestionnairePage(browser).submit()
    return message


def test_the_second_person_reads_what_the_first_one_wrote(reader: Reader, browser: Chrome):
    with reader.serving("petri debug whispers") as run:
        first = _take_part(browser, run.link(), RETOLD)
        second = _take_part(browser, run.link(), "Something about seven.")
    assert (first.startswith(MESSAGE), second) == (True, RETOLD)
