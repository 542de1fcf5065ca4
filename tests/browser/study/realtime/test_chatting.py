"""A chat on the real host: two people in two tabs of one browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from tests.browser import chromium
from tests.browser.accessibility import problems
from tests.browser.hosts import Host, hosting
from tests.browser.study.people import Person

STUDY = """
from petri.study import Chat, End, Group, Study


class Talk(Study):
    dropout_policy = "wait"
    dropout_grace = 1
    timeline = [Group(2), Chat(can_leave=True), End()]
"""
CONFIG = """
[Experiment]
mode = debug
auto_recruit = true
recruiter = hotair
num_participants = 4

[Recruitment]
title = Talk
description = Two people talk.
base_payment = 1.00
contact_email_on_error = you@example.org
"""
LINES = "return [...document.querySelectorAll('.chat-line')].map((line) => line.textContent);"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("talk")
    (folder / "experiment.py").write_text(STUDY, encoding="utf-8")
    (folder / "config.txt").write_text(CONFIG, encoding="utf-8")
    with hosting(folder, tmp_path_factory.mktemp("run")) as served:
        yield served


def shows(person: Person, *lines: str) -> bool:
    """Wait until the chat has these lines."""
    person.front()
    return bool(person.wait().until(lambda browser: browser.execute_script(LINES) == list(lines)))


def notes(person: Person) -> str:
    """What is said below the messages: who is away, and who is writing."""
    person.front()
    return " ".join(note.text for note in person.browser.find_elements("css selector", ".chat-note")).strip()


def say(person: Person, text: str) -> None:
    person.front()
    field = person.visible("#chat-text")
    field.send_keys(text + Keys.ENTER)


def test_two_people_write_to_each_other(browser: Chrome, host: Host) -> None:
    one, other = Person(browser, host.address, 1), Person(browser, host.address, 2)
    one.come()
    other.come().is_at("chat")
    one.is_at("chat")
    say(one, "<b>Hello</b> & bye")
    assert shows(one, "You <b>Hello</b> & bye")
    assert shows(other, "Member 1 <b>Hello</b> & bye")
    say(other, "Hi")
    assert shows(one, "You <b>Hello</b> & bye", "Member 2 Hi")
    browser.refresh()
    assert shows(one, "You <b>Hello</b> & bye", "Member 2 Hi")
    log = one.visible("[role=log]")
    assert log.accessible_name == "Messages"
    assert one.visible("#chat-text").accessible_name == "Your message"
    one.go_on()
    one.is_at("end")
    say(other, "Still there?")
    assert shows(other, "Member 1 <b>Hello</b> & bye", "You Hi", "You Still there?")


def test_members_see_who_is_writing_and_who_is_away(browser: Chrome, host: Host) -> None:
    one, other = Person(browser, host.address, 3), Person(browser, host.address, 4)
    one.come()
    other.come().is_at("chat")
    one.is_at("chat")
    other.front()
    other.visible("#chat-text").send_keys("I think")
    one.wait().until(lambda _: notes(one) == "Writing now: Member 2")
    chromium.keep_screenshot(browser, "chat-writing")
    found = problems(browser, "chat-writing")
    other.front()
    other.visible("#chat-text").send_keys(Keys.ENTER)
    one.wait().until(lambda _: notes(one) == "")
    other.front()
    browser.get("about:blank")
    one.wait().until(lambda _: notes(one) == "Away: Member 2")
    found += problems(browser, "chat-away")
    other.front()
    browser.back()
    other.is_at("chat")
    one.wait().until(lambda _: notes(one) == "")
    assert found == []
