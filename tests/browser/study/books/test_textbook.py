"""The demo textbook on the real host: a reader opens pages by its contents, comes back, and finishes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, Keys

from tests.browser.accessibility import problems
from tests.browser.hosts import Host, hosting
from tests.browser.study.people import Person

pytestmark = pytest.mark.e2e

DEMO = Path(__file__).parents[4] / "demos" / "textbook"
STATE = "return window.petri.study.current && [window.petri.study.current.path, document.title];"


class Reader(Person):
    """A participant in a book."""

    def reaches(self, path: str) -> None:
        """Wait until the page at a path is shown."""
        self.wait().until(lambda browser: (browser.execute_script(STATE) or [""])[0] == path)
        self.wait().until(
            lambda browser: browser.execute_script("return !document.getElementById('page-form').hidden")
        )

    def follow(self, path: str, within: str) -> None:
        """Press the link to a page inside an element."""
        self.press(f'{within} [data-open="{path}"]')

    def open_contents(self) -> None:
        self.press("#book-bar > button")
        self.visible("#book-panel nav")

    def marks(self, within: str) -> dict[str, str]:
        """Return what is marked as started or finished, by path."""
        script = """
            const lines = [...document.querySelectorAll(`${arguments[0]} li`)];
            const mark = (line) => line.querySelector("[data-mark]")?.dataset.mark ?? "";
            return Object.fromEntries(lines.map((line) => [line.firstElementChild.dataset.open, mark(line)]));
        """
        found: dict[str, str] = self.browser.execute_script(script, within)
        return found

    def scrolled(self) -> Any:
        return self.browser.execute_script("return window.scrollY;")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosting(DEMO, tmp_path_factory.mktemp("textbook"), recruiter="hotair") as served:
        yield served


def test_a_reader_opens_pages_in_any_order_and_finishes_the_book(browser: Chrome, host: Host) -> None:
    one = Reader(browser, host.address, 1)
    one.come()
    one.reaches("book/contents")
    found = problems(browser, "book-contents")
    one.follow("book/averages/reading", "#page-content")
    one.reaches("book/averages/reading")
    one.shows("Further reading")
    progress = "return document.getElementById('progress').value;"
    one.wait().until(lambda _: browser.execute_script(progress) > 0)
    one.open_contents()
    assert one.marks("#book-panel")["book/averages/reading"] == "finished"
    found += problems(browser, "book-panel")
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    one.wait().until(lambda _: one.hidden("#book-panel"))
    assert browser.switch_to.active_element.text == "Contents"
    one.follow("book/averages/quiz", "#book-steps")
    one.reaches("book/averages/quiz/mean")
    found += problems(browser, "book-test")
    assert one.hidden("#book-bar")
    one.write("average", "5")
    one.go_on()
    one.reaches("book/averages/quiz/robust")
    one.press("input[value=Mean]")
    one.go_on()
    one.reaches("book/averages/reading")
    one.follow("book/averages/median", "#book-steps")
    one.reaches("book/averages/median")
    one.write("middle", "3")
    one.go_on()
    one.reaches("book/averages/reading")
    one.open_contents()
    one.follow("book/contents", "#book-panel")
    one.reaches("book/contents")
    assert one.marks("#page-content")["book/averages/median"] == "finished"
    found += problems(browser, "book-contents-read")
    one.press(".book-finish > summary")
    one.press("[data-finish-book]")
    one.reaches("goodbye")
    assert found == []


def test_what_was_typed_and_the_position_are_there_when_a_reader_comes_back(
    browser: Chrome, host: Host
) -> None:
    one = Reader(browser, host.address, 2)
    one.come()
    one.reaches("book/contents")
    one.go_on()
    one.reaches("book/chance/dice")
    found = problems(browser, "book-page")
    one.write("six", "99")
    one.follow("book/chance/coins", "#book-steps")
    one.reaches("book/chance/coins")
    one.follow("book/chance/dice", "#book-steps")
    one.reaches("book/chance/dice")
    assert one.visible("#item-six").get_attribute("value") == "99"
    one.go_on()
    one.reaches("book/chance/coins")
    one.follow("book/chance/dice", "#book-steps")
    one.reaches("book/chance/dice")
    assert one.visible("#item-six").get_attribute("value") == ""
    assert "You have answered this page." in one.text()
    found += problems(browser, "book-answered")
    browser.set_window_size(400, 400)
    try:
        browser.execute_script("window.scrollTo(0, 300);")
        one.wait().until(lambda _: one.scrolled() > 250)
        browser.refresh()
        one.reaches("book/chance/dice")
        one.wait().until(lambda _: one.scrolled() > 200)
    finally:
        browser.set_window_size(1280, 900)
    assert found == []
