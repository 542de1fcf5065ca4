"""A page with `keep_draft` on the real host: another device shows what was typed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from tests.browser.hosts import Host, hosting
from tests.browser.study.people import Person
from tests.browser.study.realtime.test_chatting import CONFIG

STUDY = """
from petri.study import End, Form, Study, text


class Letters(Study):
    letter = text("Write a letter.", long=True)
    timeline = [Form("write", ask="letter", keep_draft=True), End()]
"""
FORGET = """
for (const key of Object.keys(localStorage)) if (key.includes("petri:draft")) localStorage.removeItem(key);
"""
KEPT = """
return performance.getEntriesByType("resource").some(({ name, responseStatus }) =>
  name.endsWith("/page/draft") && responseStatus === 200);
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("letters")
    (folder / "experiment.py").write_text(STUDY, encoding="utf-8")
    (folder / "config.txt").write_text(CONFIG, encoding="utf-8")
    with hosting(folder, tmp_path_factory.mktemp("run")) as served:
        yield served


def test_a_browser_without_the_text_shows_what_another_one_has_typed(browser: Chrome, host: Host) -> None:
    browser.set_window_size(1280, 1200)
    person = Person(browser, host.address, 1)
    person.come().is_at("write")
    person.visible("textarea").send_keys("Dear <b>you</b>")
    person.wait().until(lambda browser: browser.execute_script(KEPT))
    browser.execute_script(FORGET)
    browser.refresh()
    person.is_at("write")
    assert person.visible("textarea").get_attribute("value") == "Dear <b>you</b>"
