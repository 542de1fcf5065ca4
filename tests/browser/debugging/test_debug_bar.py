"""The debug bar on the real host: changed files show at once, the bar acts, and it covers no page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser import accessibility, chromium
from tests.demos.serving import serving

DEMO = Path(__file__).parents[3] / "demos" / "ultimatum"
ENTRY = "/exp?recruiter=hotair&assignmentId=A1&hitId=H1&workerId=W1&mode=debug"


class Bar:
    """The debug bar of the page in the browser's window."""

    def __init__(self, browser: Chrome) -> None:
        self.browser = browser

    def wait(self) -> WebDriverWait:
        # The page may be reloading when it is looked at.
        return WebDriverWait(self.browser, 30, ignored_exceptions=[WebDriverException])

    def find(self, selector: str) -> Any:
        """Find an element of the bar, which is in a shadow root."""
        root = self.browser.find_element(By.TAG_NAME, "petri-debug").shadow_root
        return root.find_element(By.CSS_SELECTOR, selector)

    def shows(self, selector: str, text: str) -> None:
        self.wait().until(lambda _: text in self.find(selector).text)

    def page_shows(self, text: str) -> None:
        shown = "return document.getElementById('page-content')?.textContent || ''"
        self.wait().until(lambda browser: text in browser.execute_script(shown))


@pytest.fixture
def person(browser: Chrome) -> Iterator[Chrome]:
    """A browser that doesn't say that a program controls it: bots see no bar."""
    hide = "Object.defineProperty(navigator, 'webdriver', { get: () => false });"
    added = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": hide})
    yield browser
    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


@pytest.fixture
def study(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    folder = shutil.copytree(DEMO, tmp_path / "ultimatum")
    with serving(str(folder), tmp_path) as address:
        yield folder, address


def change(page: Path, old: str, new: str) -> None:
    text = page.read_text(encoding="utf-8")
    assert old in text
    page.write_text(text.replace(old, new), encoding="utf-8")


def test_an_author_changes_pages_and_plays_through_them_with_the_bar(
    person: Chrome, study: tuple[Path, str]
) -> None:
    folder, address = study
    bar = Bar(person)
    person.get(f"{address}{ENTRY}")
    bar.shows(".facts", "welcome")

    # A changed page shows by itself; a broken one is named, and the page stays.
    change(folder / "pages" / "welcome.md", "# Dividing points", "# Sharing points")
    bar.page_shows("Sharing points")
    change(folder / "pages" / "welcome.md", "three times.", "three times. {{ player.points")
    bar.shows(".problems", "pages/welcome.md, line")
    bar.page_shows("Sharing points")
    change(folder / "pages" / "welcome.md", " {{ player.points", "")
    bar.wait().until(lambda _: not bar.find(".problems").is_displayed())

    # By keyboard: open the bar, and fill in the page.
    bar.find(".toggle").send_keys(Keys.ENTER)
    bar.wait().until(lambda _: bar.find(".tools").is_displayed())
    assert accessibility.problems(person, "debug-bar") == []
    bar.find(".main").send_keys(Keys.ENTER)
    bar.shows(".facts", "group")

    # At phone size, the bar lies below the page and covers nothing of it.
    chromium.resize_to_phone(person)
    below = "return document.querySelector('.page-footer').getBoundingClientRect().bottom <= "
    below += "document.querySelector('petri-debug').getBoundingClientRect().top + 1"
    assert person.execute_script(below) is True
    chromium.resize_to_desktop(person)

    # The view of the group has a frame for each member, and fills in all pages that are due.
    bar.find(".tools button:last-of-type").send_keys(Keys.ENTER)
    bar.wait().until(lambda _: len(person.find_elements(By.TAG_NAME, "iframe")) == 2)
    assert accessibility.problems(person, "debug-group", sizes=(accessibility.DESKTOP,)) == []
    paths = "return Array.from(frames, (each) => each.petri?.study?.current?.path ?? '')"
    bar.wait().until(lambda _: person.execute_script(paths) == ["group", "welcome"])
    person.find_element(By.ID, "fill").click()
    bar.wait().until(
        lambda _: sorted(person.execute_script(paths)) == ["rounds[1]/propose", "rounds[1]/wait"]
    )
