"""The demo coordination on the real host: suggestions, a pause for a player who is away, and the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys

from tests.browser import chromium
from tests.browser.accessibility import problems
from tests.browser.hosts import Host, hosting
from tests.browser.study.people import Person

DEMO = Path(__file__).parents[4] / "demos" / "coordination"
SETTINGS = {"group_size": "2", "rounds": "2", "round_seconds": "600", "grace_seconds": "1"}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosting(DEMO, tmp_path_factory.mktemp("efforts"), **SETTINGS) as served:
        yield served


def choose_by_keyboard(one: Person, effort: int) -> None:
    """Choose with the arrow keys and Enter, as a participant without a mouse does."""
    one.is_at("choose")
    lowest = one.browser.find_element("css selector", '[data-item="effort"] input[value="1"]')
    lowest.send_keys(Keys.SPACE)
    for _ in range(effort - 1):
        one.browser.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    one.browser.switch_to.active_element.send_keys(Keys.ENTER)


def suggest_by_keyboard(one: Person, effort: int) -> None:
    chosen = one.front().browser.find_element("css selector", '[data-part="suggestion"]')
    chosen.send_keys(str(effort), Keys.TAB)
    one.browser.switch_to.active_element.send_keys(Keys.ENTER)


def choose(one: Person, effort: int) -> None:
    one.is_at("choose")
    chosen = one.browser.find_element("css selector", f'[data-item="effort"] input[value="{effort}"]')
    one.browser.execute_script("arguments[0].click();", chosen)
    one.go_on()


def keep(browser: Chrome, name: str) -> list[str]:
    """Keep what a page looks like, and return what is wrong with its accessibility."""
    chromium.keep_screenshot(browser, name)
    return problems(browser, name)


def test_two_people_play_with_suggestions_and_a_pause(browser: Chrome, host: Host) -> None:
    first, second = (Person(browser, host.address, number) for number in (1, 2))
    for one in (first, second):
        one.come().is_at("instructions")
        found = keep(browser, "coordination-study-instructions")
        one.go_on()
    for one in (first, second):
        one.is_at("choose")
    second.press('[data-part="suggest"]')
    first.front()
    first.reads("suggests 7")
    choose_by_keyboard(first, 7)
    first.reads("Your effort is 7.")
    first.reads("Waiting for one more player")
    # A player who has chosen goes on suggesting, and sees what the others suggest.
    suggest_by_keyboard(first, 6)
    second.front()
    second.reads("suggests 6")
    second.press('[data-part="suggest"]')
    first.front()
    first.reads("suggests 6")
    first.wait().until(lambda _: first.text().count("suggests") == 2)
    found += keep(browser, "coordination-study-waiting")
    chromium.resize_to_phone(browser)
    found += keep(browser, "coordination-study-waiting-phone")
    assert not first.is_wider_than_the_window()
    chromium.resize_to_desktop(browser)
    choose(second, 3)
    first.is_at("choose")
    first.shows("Round 2 of 2: choose your effort")
    first.reads("You have 50 points.")
    found += keep(browser, "coordination-study")
    second.front()
    browser.get("about:blank")
    first.front()
    first.reads("The clock stands still")
    assert not browser.find_element("css selector", "#timer").is_displayed()
    found += keep(browser, "coordination-study-paused")
    second.front()
    browser.back()
    second.is_at("choose")
    first.front()
    first.wait().until(lambda _: "The clock stands still" not in first.text())
    assert browser.find_element("css selector", "#timer").is_displayed()
    chromium.resize_to_phone(browser)
    found += keep(browser, "coordination-study-phone")
    assert not first.is_wider_than_the_window()
    choose(second, 7)
    choose(first, 7)
    first.is_at("over")
    first.reads("You earned 180 points.")
    found += keep(browser, "coordination-study-over")
    assert found == []


@pytest.fixture
def strict_host(tmp_path: Path) -> Iterator[Host]:
    settings = {**SETTINGS, "group_size": "3", "when_somebody_leaves": "end"}
    with hosting(DEMO, tmp_path, **settings) as served:
        yield served


def test_people_see_who_is_here_and_go_on_behind_a_game_that_has_ended(
    browser: Chrome, strict_host: Host
) -> None:
    people = [Person(browser, strict_host.address, number) for number in (1, 2, 3)]
    found = []
    for number, one in enumerate(people[:2], start=1):
        one.come().is_at("instructions")
        one.go_on()
        one.reads(f"{number} of 3 people are here")
    found += keep(browser, "coordination-study-arriving")
    first = people[0].front()
    first.reads("2 of 3 people are here")
    people[2].come().is_at("instructions")
    people[2].go_on()
    for one in people:
        one.front().is_at("choose")
    browser.get("about:blank")
    first.front().is_at("over")
    first.reads("Another member of your group has left")
    found += keep(browser, "coordination-study-ended")
    chromium.resize_to_phone(browser)
    found += keep(browser, "coordination-study-ended-phone")
    assert not first.is_wider_than_the_window()
    chromium.resize_to_desktop(browser)
    first.go_on()
    first.is_at("questionnaire")
    assert "Another member" not in first.text()
    assert found == []
