"""A user chooses a password, sets up one-time codes, and signs in with both, with the keyboard alone."""

from __future__ import annotations

import time

import pyotp
import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser import accessibility
from tests.browser.dashboard.conftest import ServedRun
from tests.browser.dashboard.test_dashboard import WITHIN_SECONDS, in_dark_colours

pytestmark = pytest.mark.e2e

PASSWORD = "seven green bicycles sing"


def type_keys(browser: Chrome, *keys: str) -> None:
    for each in keys:
        browser.switch_to.active_element.send_keys(each)


def until_shown(browser: Chrome, text: str) -> None:
    # The next page may replace the present one at any moment.
    wait = WebDriverWait(
        browser, WITHIN_SECONDS, ignored_exceptions=(NoSuchElementException, StaleElementReferenceException)
    )
    wait.until(lambda b: text in b.find_element(By.TAG_NAME, "main").text or text in b.title)


def problems(browser: Chrome, name: str) -> list[str]:
    """Return what is hard to use on a page: wide, on a phone, and in dark colours."""
    # Below the top, the header lies over what is scrolled past.
    browser.execute_script("window.scrollTo(0, 0);")
    found = accessibility.problems(browser, name)
    in_dark_colours(browser, on=True)
    found += accessibility.problems(browser, f"{name}-dark", sizes=(accessibility.DESKTOP,))
    in_dark_colours(browser, on=False)
    return found


def press(browser: Chrome, name: str) -> None:
    """Press a button with the keyboard."""
    button = browser.find_element(By.XPATH, f"//button[normalize-space()='{name}']")
    browser.execute_script("arguments[0].focus();", button)
    type_keys(browser, Keys.ENTER)


def test_a_user_chooses_a_password_and_signs_in_with_it_and_a_code(
    browser: Chrome, served_run: ServedRun
) -> None:
    browser.get_log("browser")
    browser.get(served_run.password_link("ada"))
    found = problems(browser, "dashboard-password-choice")
    type_keys(browser, PASSWORD + Keys.TAB, PASSWORD + Keys.ENTER)
    until_shown(browser, "Your password is set")
    found += problems(browser, "dashboard-sign-in-password")
    type_keys(browser, PASSWORD + Keys.ENTER)
    until_shown(browser, "Overview")

    browser.get(f"{served_run.dashboard}/account")
    found += problems(browser, "dashboard-own-account")
    press(browser, "Set up one-time codes")
    until_shown(browser, "Scan this")
    found += problems(browser, "dashboard-codes-setup")
    codes = pyotp.TOTP(browser.find_element(By.CSS_SELECTOR, "#codes code").text.replace(" ", ""))
    browser.execute_script("document.getElementById('code').focus();")
    step = int(time.time()) // 30
    type_keys(browser, codes.generate_otp(step) + Keys.ENTER)
    until_shown(browser, "recovery codes")
    found += problems(browser, "dashboard-recovery-codes")

    press(browser, "Sign out")
    until_shown(browser, "Username")
    type_keys(browser, "ada" + Keys.TAB, PASSWORD + Keys.ENTER)
    until_shown(browser, "Code that your app shows")
    found += problems(browser, "dashboard-code")
    type_keys(browser, codes.generate_otp(step) + Keys.ENTER)
    until_shown(browser, "was used already")
    type_keys(browser, codes.generate_otp(step + 1) + Keys.ENTER)
    until_shown(browser, "Overview")
    assert found == [], "\n".join(found)
    refused = [entry["message"] for entry in browser.get_log("browser") if "401" not in entry["message"]]
    assert [message for message in refused if "favicon" not in message] == []
