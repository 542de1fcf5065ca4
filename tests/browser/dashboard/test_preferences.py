"""A user chooses colours, rows and a time zone, and finds them again in a browser that keeps no data."""

from __future__ import annotations

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from chalicelib.access.rights import RESEARCHER
from chalicelib.dashboard.sessions import create_ticket_for_user
from chalicelib.operations.accounts.users import add_user
from chalicelib.operations.shared.context import OPERATOR_CALLER
from infra.local.lifecycle.run_paths import RunPaths
from infra.operator.run_session import opened
from tests.browser.dashboard.conftest import ServedRun
from tests.browser.dashboard.test_dashboard import WITHIN_SECONDS
from tests.browser.dashboard.test_passwords_and_codes import press, problems, until_shown

pytestmark = pytest.mark.e2e


def sign_in_as(browser: Chrome, run: ServedRun, username: str) -> None:
    with opened(None, RunPaths(run.folder), with_code=False) as session:
        ticket = session.app.run(create_ticket_for_user, username, caller=OPERATOR_CALLER)
    browser.get(f"{run.dashboard}/sign-in?ticket={ticket}")
    press(browser, "Open the dashboard")
    until_shown(browser, "Overview")


def colours(browser: Chrome) -> str:
    return str(browser.execute_script("return document.documentElement.dataset.theme ?? 'system';"))


def shown_hour(browser: Chrome) -> tuple[str, str]:
    """Return a moment of the page in UTC, and its hour as it is shown."""
    moment = browser.find_element(By.CSS_SELECTOR, "main time[datetime]")
    return str(moment.get_attribute("datetime")), moment.text[-5:]


def test_a_user_finds_their_preferences_on_every_page_and_in_another_browser(
    browser: Chrome, served_run: ServedRun
) -> None:
    browser.get_log("browser")
    with opened(None, RunPaths(served_run.folder), with_code=False) as session:
        session.app.run(add_user, "grace", "Grace", role=RESEARCHER, caller=OPERATOR_CALLER)
    sign_in_as(browser, served_run, "grace")
    browser.get(f"{served_run.dashboard}/account")
    for name, value in (("theme", "dark"), ("rows", "10"), ("time-zone", "America/St_Johns")):
        Select(browser.find_element(By.ID, name)).select_by_value(value)
    press(browser, "Save preferences")
    until_shown(browser, "Your preferences are saved.")
    assert colours(browser) == "dark"
    exact, shown = shown_hour(browser)
    # Newfoundland is half an hour off the whole hours, all year.
    assert (int(shown[-2:]) - int(exact[14:16])) % 60 == 30
    found = problems(browser, "dashboard-preferences")

    # Another browser: it has neither the session nor the colours.
    browser.execute_script("localStorage.clear();")
    browser.delete_all_cookies()
    sign_in_as(browser, served_run, "grace")
    assert colours(browser) == "dark"
    browser.find_element(By.ID, "theme-button").click()
    assert colours(browser) == "light"

    def is_kept(page: Chrome) -> bool:
        page.get(f"{served_run.dashboard}/account")
        return page.find_element(By.ID, "theme").get_attribute("value") == "light"

    WebDriverWait(browser, WITHIN_SECONDS).until(is_kept)
    chosen = [
        browser.find_element(By.ID, name).get_attribute("value") for name in ("theme", "rows", "time-zone")
    ]
    browser.execute_script("localStorage.clear();")
    browser.delete_all_cookies()
    assert chosen == ["light", "10", "America/St_Johns"]
    assert found == []
    assert browser.get_log("browser") == []
