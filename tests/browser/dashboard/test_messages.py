"""An operator writes to participants, whose open page shows it without a reload until they close it."""

from __future__ import annotations

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser import accessibility, chromium
from tests.browser.dashboard.conftest import ServedRun
from tests.browser.dashboard.test_dashboard import sign_in

pytestmark = pytest.mark.e2e

WITHIN_SECONDS = 30
ENTRY = "/exp?recruiter=hotair&hitId=h&assignmentId=m1&workerId=m1&mode=debug"
MESSAGE = ".operator-message"
WORDS = "We pause until <b>3 pm</b>.\nPlease keep this page open."


def wait_for(browser: Chrome, css: str) -> None:
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: b.find_elements(By.CSS_SELECTOR, css))


def test_an_operators_message_is_shown_on_the_open_page_and_closed_with_the_keyboard(
    browser: Chrome, served_run: ServedRun
) -> None:
    browser.get(f"{served_run.pages}{ENTRY}")
    wait_for(browser, "#page-content h1")
    browser.execute_script("window.isSamePage = true;")
    participant = browser.current_window_handle
    browser.switch_to.new_window("tab")
    sign_in(browser, served_run)
    browser.get(f"{served_run.dashboard}/messages/all/write")
    browser.find_element(By.ID, "message-text").send_keys(WORDS)
    browser.find_element(By.XPATH, "//button[text()='Send the message']").click()
    wait_for(browser, ".notice.tone-good")
    dashboard = browser.current_window_handle

    browser.switch_to.window(participant)
    chromium.resize_to_phone(browser)
    wait_for(browser, MESSAGE)
    assert browser.execute_script("return window.isSamePage;")
    assert browser.find_element(By.CSS_SELECTOR, ".operator-message-text").text == WORDS
    assert browser.find_element(By.CSS_SELECTOR, ".operator-messages").get_attribute("role") == "status"
    found = accessibility.problems(browser, "message-of-the-operator")
    assert found == [], "\n".join(found)
    browser.refresh()
    wait_for(browser, MESSAGE)
    close = browser.find_element(By.CSS_SELECTOR, f"{MESSAGE} button")
    browser.execute_script("document.querySelector('.skip-link').focus();")
    browser.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.switch_to.active_element == close
    close.send_keys(Keys.ENTER)
    assert browser.find_elements(By.CSS_SELECTOR, MESSAGE) == []
    assert browser.switch_to.active_element.get_attribute("id") == "main"

    browser.switch_to.window(dashboard)
    chromium.resize_to_desktop(browser)
    browser.get(f"{served_run.dashboard}/messages/2/seen")
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: (b.refresh(), "Closed" in b.page_source)[1])
    browser.switch_to.window(participant)
    browser.refresh()
    wait_for(browser, "#page-content h1")
    asked = "return performance.getEntriesByType('resource').some((one) => one.name.includes('/messages'));"
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: b.execute_script(asked))
    assert browser.find_elements(By.CSS_SELECTOR, MESSAGE) == []
