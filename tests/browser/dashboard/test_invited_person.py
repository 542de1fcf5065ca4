"""A person accepts an invitation in a real browser, with the keyboard, and sees what is theirs."""

from __future__ import annotations

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser import accessibility
from tests.browser.dashboard.conftest import ServedRun

pytestmark = pytest.mark.e2e

WITHIN_SECONDS = 30
PASSWORD = "unlikely walrus trombone sunday"


def test_an_invited_person_becomes_a_user_with_the_keyboard(browser: Chrome, served_run: ServedRun) -> None:
    browser.delete_all_cookies()
    link = served_run.invitation_link("mary@example.org")
    browser.get(link)
    found = accessibility.problems(browser, "dashboard-invitation")
    for typed in ("", "Mary", "Jones", PASSWORD, PASSWORD):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        browser.switch_to.active_element.send_keys(typed)
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: "Overview" in b.title)
    for page in ("profile", "groups/eyelab"):
        browser.get(f"{served_run.dashboard}/{page}")
        found += accessibility.problems(browser, f"dashboard-own-{page.replace('/', '-')}")
    assert "Mary Jones" in browser.page_source
    browser.get(link)
    found += accessibility.problems(browser, "dashboard-invitation-over")
    assert "has been used" in browser.page_source
    assert found == [], "\n".join(found)
