"""The demo chatroom on the real host: two people chat under the names of animals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from tests.browser.accessibility import problems
from tests.browser.hosts import Host, hosting
from tests.browser.study.people import Person

DEMO = Path(__file__).parents[4] / "demos" / "chatroom"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosting(DEMO, tmp_path_factory.mktemp("chatroom"), group_size="2") as served:
        yield served


def test_two_people_chat_and_finish_one_after_the_other(browser: Chrome, host: Host) -> None:
    one, other = Person(browser, host.address, 1), Person(browser, host.address, 2)
    one.come().is_at("instructions")
    found = problems(browser, "chatroom-instructions")
    one.go_on()
    one.is_at("group")
    other.come().is_at("instructions")
    other.go_on()
    other.is_at("talk")
    other.visible("#chat-text").send_keys("The lamp." + Keys.ENTER)
    one.is_at("talk")
    one.reads("The lamp.")
    one.visible("#chat-text").send_keys("And water!" + Keys.ENTER)
    one.reads("And water!")
    found += problems(browser, "chatroom-talk")
    one.go_on()
    one.is_at("questionnaire")
    other.front()
    other.reads("And water!")
    assert found == []
