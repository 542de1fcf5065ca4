"""An instructor creates a class and adds members; a person joins it, and reads about it on a page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from pytest_socket import enable_socket
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser import accessibility
from tests.browser.dashboard.conftest import ServedRun
from tests.browser.dashboard.test_dashboard import in_dark_colours, sign_in
from tests.demos.serving import serving

pytestmark = pytest.mark.e2e

WITHIN_SECONDS = 30


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedRun]:
    enable_socket()
    folder = tmp_path_factory.mktemp("textbook")
    with serving("textbook", folder) as address:
        yield ServedRun(folder, address)


def wait_for(browser: Chrome, text: str) -> None:
    WebDriverWait(browser, WITHIN_SECONDS).until(
        lambda b: text in b.execute_script("return document.body?.innerText ?? ''")
    )


def fill(browser: Chrome, fields: dict[str, str]) -> None:
    """Fill in fields by their id with the keyboard, and send the form from the last one."""
    for name, value in fields.items():
        browser.find_element(By.ID, name).send_keys(value)
    browser.switch_to.active_element.send_keys(Keys.ENTER)


def checked(browser: Chrome, name: str) -> list[str]:
    found = accessibility.problems(browser, name)
    in_dark_colours(browser, on=True)
    found += accessibility.problems(browser, f"{name}-dark", sizes=(accessibility.DESKTOP,))
    in_dark_colours(browser, on=False)
    return found


def test_an_instructor_fills_a_class_and_a_person_joins_it_and_reads_about_it(
    browser: Chrome, book: ServedRun
) -> None:
    sign_in(browser, book)
    browser.get(f"{book.dashboard}/classes")
    found = checked(browser, "classes")
    fill(browser, {"time-zone": "Europe/Berlin", "name": "Chance, section A"})
    wait_for(browser, "The class is created.")
    code = re.search(r"code=(\w+)", browser.page_source)[1]
    fill(browser, {"new-email": "emmy@example.org", "new-name": "Emmy Noether"})
    wait_for(browser, "This page shows it once.")
    browser.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
    found += checked(browser, "class-members")
    browser.find_element(By.ID, "roster-text").send_keys("Name,Email\nAlan,alan@example.org\nBob,\n")
    browser.find_element(By.XPATH, "//button[.='Check the list']").send_keys(Keys.ENTER)
    wait_for(browser, "1 person is added.")
    found += checked(browser, "class-roster")
    browser.find_element(By.XPATH, "//button[.='Add them']").send_keys(Keys.ENTER)
    wait_for(browser, "The list is imported.")
    browser.get(f"{book.dashboard}/classes/1/settings")
    found += checked(browser, "class-settings")

    browser.get(f"{book.pages}/join/class?code={code}")
    found += checked(browser, "class-join")
    fill(browser, {"email": "ada@example.org", "name": "Ada Lovelace"})
    wait_for(browser, "You have joined Chance, section A")
    found += checked(browser, "class-joined")
    browser.find_element(By.LINK_TEXT, "Begin").send_keys(Keys.ENTER)
    wait_for(browser, "My class")
    button = browser.find_element(By.CSS_SELECTOR, "#class-bar button")
    button.send_keys(Keys.ENTER)
    wait_for(browser, "There are no assignments yet.")
    found += checked(browser, "my-class")
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert browser.switch_to.active_element == button
    assert not browser.find_element(By.ID, "class-panel").is_displayed()
    assert found == [], "\n".join(found)
