"""A reader of the demo textbook marks text, writes notes, and finds both again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver import Chrome, Keys

from tests.browser.accessibility import problems
from tests.browser.hosts import Host, hosting
from tests.browser.study.books.test_textbook import DEMO, Reader

pytestmark = pytest.mark.e2e

#: Selects some words of the page.
SELECT = """
    const walker = document.createTreeWalker(document.getElementById("page-content"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const at = walker.currentNode.data.indexOf(arguments[0]);
      if (at < 0) continue;
      const node = walker.currentNode;
      document.getSelection().setBaseAndExtent(node, at, node, at + arguments[0].length);
      return true;
    }
    return false;
"""
MARKED = """
    return [...(CSS.highlights.get("petri-annotation") ?? [])].map((range) => range.toString());
"""


class Annotator(Reader):
    """A reader who marks text."""

    def select(self, words: str) -> None:
        assert self.browser.execute_script(SELECT, words)

    def marked(self) -> list[str]:
        found: list[str] = self.browser.execute_script(MARKED)
        return found

    def status(self) -> str:
        return str(self.visible(".book-notes-said").text)

    def saves(self, note: str, visibility: str = "private") -> None:
        field = self.visible("#book-note-text")
        assert self.browser.switch_to.active_element == field
        field.send_keys(note)
        self.press(f".book-note-readers input[value={visibility}]")
        self.press(".book-note-editor .btn-primary")
        self.wait().until(lambda _: "saved" in self.status())

    def notes(self) -> list[str]:
        self.visible("#book-notes")
        script = "return [...document.querySelectorAll('.book-notes-list > li')].map((one) => one.innerText);"
        found: list[str] = self.browser.execute_script(script)
        return found


def on_dice(browser: Chrome, host: Host, number: int) -> Annotator:
    one = Annotator(browser, host.address, number)
    one.come()
    one.reaches("book/contents")
    one.follow("book/chance/dice", "#page-content")
    one.reaches("book/chance/dice")
    one.visible("#annotate-selection")
    return one


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosting(DEMO, tmp_path_factory.mktemp("annotating"), recruiter="hotair") as served:
        yield served


def test_a_reader_marks_text_writes_a_note_and_finds_both_again(browser: Chrome, host: Host) -> None:
    one = on_dice(browser, host, 1)
    one.press("#annotate-selection")
    assert "Select some text" in one.status()
    one.select("a die has no memory")
    one.visible(".annotate-here")
    one.press(".annotate-here")
    found = problems(browser, "book-note-editor")
    one.saves("Is that so?", "instructors")
    assert one.marked() == ["a die has no memory"]
    found += problems(browser, "book-notes")
    one.follow("book/chance/coins", "#book-steps")
    one.reaches("book/chance/coins")
    assert one.marked() == []
    one.follow("book/chance/dice", "#book-steps")
    one.reaches("book/chance/dice")
    one.wait().until(lambda _: one.marked() == ["a die has no memory"])
    (note,) = one.notes()
    assert "Is that so?" in note
    assert "My instructors" in note
    (stored,) = host.rows("select * from annotation")
    assert (stored["exact"], stored["page"], stored["visibility"]) == (
        *("a die has no memory", "dice", "instructors"),
    )
    assert found == []


def test_a_note_is_changed_deleted_and_brought_back_with_the_keyboard(browser: Chrome, host: Host) -> None:
    one = on_dice(browser, host, 2)
    one.select("fair die")
    button = one.visible("#annotate-selection")
    browser.execute_script("arguments[0].focus();", button)
    button.send_keys(Keys.ENTER)
    one.saves("First")
    focused: Any = browser.switch_to.active_element
    assert focused.text == "Show in the text"
    edit = browser.find_elements("css selector", ".book-notes-list button")[1]
    edit.send_keys(Keys.ENTER)
    field = one.visible("#book-note-text")
    field.send_keys(" and second", Keys.ESCAPE)
    assert "First and second" not in one.notes()[0]
    browser.find_elements("css selector", ".book-notes-list button")[1].send_keys(Keys.ENTER)
    one.saves(" and second")
    assert "First and second" in one.notes()[0]
    browser.find_elements("css selector", ".book-notes-list button")[2].send_keys(Keys.ENTER)
    one.wait().until(lambda _: "deleted" in one.status())
    assert (one.notes(), one.marked()) == ([], [])
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    one.wait().until(lambda _: len(one.notes()) == 1)
    assert one.marked() == ["fair die"]


def test_a_note_whose_text_has_changed_is_listed_and_not_marked(browser: Chrome, host: Host) -> None:
    one = on_dice(browser, host, 3)
    for words in ("fair die", "many throws"):
        one.select(words)
        one.press("#annotate-selection")
        one.saves(words.upper())
    # Another text before the marked words, and none of the others: as if the page was corrected.
    change = """
        const content = document.getElementById("page-content");
        content.innerHTML = content.innerHTML.replace("many throws", "a lot of them")
          .replace("A fair die", "Each and every fair die");
        document.dispatchEvent(new CustomEvent("petri:page", { detail: window.petri.study.current }));
    """
    browser.execute_script(change)
    one.wait().until(lambda _: len(one.notes()) == 2)
    assert one.marked() == ["fair die"]
    assert "has changed or was removed" in one.visible("#book-notes").text
    assert "MANY THROWS" in one.notes()[1]


def test_what_was_written_and_not_saved_is_there_when_the_page_is_opened_again(
    browser: Chrome, host: Host
) -> None:
    one = on_dice(browser, host, 4)
    one.select("fair die")
    one.press("#annotate-selection")
    one.visible("#book-note-text").send_keys("Half a thought")
    one.follow("book/chance/coins", "#book-steps")
    one.reaches("book/chance/coins")
    one.follow("book/chance/dice", "#book-steps")
    one.reaches("book/chance/dice")
    assert one.visible("#book-note-text").get_attribute("value") == "Half a thought"
    one.press(".book-note-editor .btn-primary")
    one.wait().until(lambda _: one.marked() == ["fair die"])
