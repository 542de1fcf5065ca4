"""A host and three players in a real browser: joining, a page, the bars, the solution, the leader board."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_socket import enable_socket
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser import accessibility
from tests.browser.dashboard.conftest import ServedRun
from tests.browser.dashboard.test_dashboard import sign_in
from tests.demos.serving import serving

pytestmark = pytest.mark.e2e

WITHIN_SECONDS = 30
#: What a click can meet while the host's screen is being replaced.
REPLACED = (StaleElementReferenceException, NoSuchElementException, ElementClickInterceptedException)


@pytest.fixture(scope="module")
def quiz(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedRun]:
    enable_socket()
    folder = tmp_path_factory.mktemp("quiz")
    with serving("live_quiz", folder) as address:
        yield ServedRun(folder, address)


def wait_for(browser: Chrome, text: str) -> None:
    """Wait until the page shows a text."""
    # By script: a page that is being replaced has no element that could be read later.
    WebDriverWait(browser, WITHIN_SECONDS).until(
        lambda b: text in b.execute_script("return document.body?.innerText ?? ''")
    )


def texts(browser: Chrome, selector: str) -> list[str]:
    """Return the texts of elements, read at one moment: the host's screen is replaced every second."""
    script = "return [...document.querySelectorAll(arguments[0])].map((each) => each.innerText)"
    found: list[str] = browser.execute_script(script, selector)
    return found


def press(browser: Chrome, text: str) -> None:
    """Press the host's button with a text, and wait for the page that follows."""
    browser.execute_script("window.isOld = true")
    clicked = f"//button[normalize-space()='{text}']"
    WebDriverWait(browser, WITHIN_SECONDS, ignored_exceptions=REPLACED).until(
        lambda b: b.find_element(By.XPATH, clicked).click() is None
    )
    WebDriverWait(browser, WITHIN_SECONDS).until(
        lambda b: b.execute_script("return !window.isOld && document.readyState === 'complete'")
    )


def join(browser: Chrome, quiz: ServedRun, pin: str, name: str) -> str:
    """Join in a window of its own, with the keyboard; return the window."""
    browser.switch_to.new_window("tab")
    browser.get(f"{quiz.pages}/join?pin={pin}")
    assert browser.switch_to.active_element.get_attribute("id") == "name"
    browser.switch_to.active_element.send_keys(name, Keys.ENTER)
    wait_for(browser, "You are in!")
    wait_for(browser, name)
    return browser.current_window_handle


def answer(browser: Chrome, window: str, label: str) -> None:
    """Choose an option and send it, with the keyboard."""
    browser.switch_to.window(window)
    wait_for(browser, "Which is the fastest?")
    browser.find_element(By.XPATH, f"//input[@id=//label[contains(., '{label}')]/@for]").send_keys(Keys.SPACE)
    browser.find_element(By.ID, "next").send_keys(Keys.ENTER)
    wait_for(browser, "Your answer is stored.")


def test_a_host_and_three_players_go_through_a_page(browser: Chrome, quiz: ServedRun) -> None:
    host = browser.current_window_handle
    sign_in(browser, quiz)
    browser.get(f"{quiz.dashboard}/live-sessions")
    found = accessibility.problems(browser, "live-sessions")
    press(browser, "Open a session")
    pin = texts(browser, ".host-pin strong")[0].replace(" ", "")
    found += accessibility.problems(browser, "live-session-lobby")
    windows = [join(browser, quiz, pin, name) for name in ("Ada", "Bob", "Cem")]
    found += accessibility.problems(browser, "live-session-player")
    browser.switch_to.window(host)
    for name in ("Ada", "Bob", "Cem"):
        wait_for(browser, name)
    press(browser, "Begin")
    # The clock stands still, however long the browser takes.
    press(browser, "Pause")
    for window, label in zip(windows, ("A swift", "A cheetah", "A swift"), strict=True):
        answer(browser, window, label)
    browser.switch_to.window(host)
    wait_for(browser, "everyone")
    press(browser, "Show answers")
    wait_for(browser, "Next page")
    assert texts(browser, ".host-count") == ["2", "1", "0"]
    press(browser, "Show solution")
    found += accessibility.problems(browser, "live-session-solution")
    browser.switch_to.window(windows[1])
    wait_for(browser, "Not right")
    browser.switch_to.window(windows[0])
    wait_for(browser, "Right!")
    browser.refresh()
    wait_for(browser, "Right!")
    browser.switch_to.window(host)
    press(browser, "Leader board")
    leaders = texts(browser, ".host-leaders .host-label")
    assert sorted(leaders[:2]) == ["Ada", "Cem"]
    assert leaders[2] == "Bob"
    found += accessibility.problems(browser, "live-session-leaders")
    press(browser, "End the session")
    wait_for(browser, "The session is over")
    browser.get(f"{quiz.dashboard}/live-sessions/1/result")
    found += accessibility.problems(browser, "live-session-result")
    browser.switch_to.window(windows[2])
    wait_for(browser, "Thank you for playing")
    assert found == [], "\n".join(found)
