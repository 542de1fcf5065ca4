"""A lab in a real browser: its apps, how each is doing, and the way into one with the rights granted."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_socket import enable_socket
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from chalicelib.access.rights import ASSISTANT, RESEARCHER, VIEWER
from chalicelib.operations.accounts.users import add_user
from chalicelib.operations.shared.context import OPERATOR_CALLER
from infra.lab import lab_connections
from infra.lab.lab_places import RunPlace
from infra.local.lifecycle.run_paths import RunPaths
from infra.operator.dashboard_access import sign_in_link_for
from infra.operator.run_session import opened
from tests.browser import accessibility
from tests.browser.dashboard.test_dashboard import in_dark_colours
from tests.demos.conftest import ROOT
from tests.demos.serving import environment

pytestmark = pytest.mark.e2e

WITHIN_SECONDS = 60


@dataclass(frozen=True)
class ServedLab:
    """A lab with one app that is served, and one that isn't any more."""

    folder: Path
    dashboard: str

    @property
    def lab(self) -> RunPlace:
        return RunPlace("lab", folder=str(self.folder))

    def add_app(self, app_id: str, *roles: str) -> None:
        """Connect a run in the folder with the lab."""
        lab_connections.add(
            self.lab, RunPlace(app_id, folder=str(self.folder)), lab_connections.rights_for(roles)
        )

    def add_user(self, username: str, name: str) -> None:
        """Add a user of the lab, who may see its pages."""
        with opened("lab", RunPaths(self.folder), with_code=False) as session:
            session.app.run(add_user, username, name, role=VIEWER, caller=OPERATOR_CALLER)

    def sign_in(self, browser: Chrome, username: str | None = None) -> None:
        """Sign in to the lab: the operator, or a user."""
        browser.get(sign_in_link_for("lab", RunPaths(self.folder), username))
        browser.find_element(By.CSS_SELECTOR, "form button").click()
        WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: "Apps" in b.title)


@contextmanager
def _served(folder: Path, *words: str) -> Iterator[str]:
    """Serve something in a folder; yield the address of its dashboard."""
    server = subprocess.Popen(
        [sys.executable, "-m", "infra.cli", *words, "--port", "0"],
        cwd=folder,
        env=environment(folder, PYTHONUNBUFFERED="1", COLUMNS="500", BROWSER="true"),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        found = (re.search(r"(http://localhost:\d+)/dashboard", line) for line in server.stdout)
        yield next(filter(None, found))[1]
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=WITHIN_SECONDS)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedLab]:
    enable_socket()
    folder = tmp_path_factory.mktemp("lab")
    demo = str(ROOT / "demos" / "bartlett1932")
    with (
        _served(folder, "lab", "serve", "--name", "Linguistics Lab") as dashboard,
        _served(folder, "debug", demo, "--id", "colours", "--no-browser"),
    ):
        made = ServedLab(folder, dashboard)
        with _served(folder, "debug", demo, "--id", "former", "--no-browser"):
            made.add_app("former", VIEWER)
        made.add_app("colours", RESEARCHER)
        made.add_user("mira", "Mira Okafor")
        lab_connections.grant(made.lab, "colours", "mira", [ASSISTANT])
        yield made


def _press(browser: Chrome, name: str) -> None:
    buttons = browser.find_elements(By.CSS_SELECTOR, "main button")
    next(each for each in buttons if each.text.startswith(name)).click()


def test_a_user_of_the_lab_opens_an_app_with_what_is_granted_there(browser: Chrome, lab: ServedLab) -> None:
    lab.sign_in(browser, "mira")
    main = browser.find_element(By.TAG_NAME, "main").text
    assert "colours" in main
    assert "former" not in main
    _press(browser, "Open")
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: "signs you in as" in b.page_source)
    asked = browser.find_element(By.TAG_NAME, "main").text
    assert "Linguistics Lab signs you in as Mira Okafor" in asked
    assert "Comment, Grade, Run live session, View" in asked
    found = accessibility.problems(browser, "lab-sign-in")
    _press(browser, "Open the dashboard")
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: "Overview" in b.title)
    side = browser.find_element(By.ID, "side").text
    assert "Signed in as Mira Okafor" in side
    assert "People" not in side
    assert found == [], "\n".join(found)


def test_the_page_shows_how_each_app_is_doing_on_every_screen(browser: Chrome, lab: ServedLab) -> None:
    browser.get_log("browser")
    lab.sign_in(browser)
    main = browser.find_element(By.TAG_NAME, "main").text
    assert "recruiting" in main
    assert "not reached" in main
    assert "It doesn't answer." in main
    side = browser.find_element(By.ID, "side").text
    assert "Participants" not in side
    assert "People" in side
    found = []
    for page in ("apps", "people", "log", "settings", "account"):
        browser.get(f"{lab.dashboard}/dashboard/{page}")
        found += accessibility.problems(browser, f"lab-{page}")
        in_dark_colours(browser, on=True)
        found += accessibility.problems(browser, f"lab-{page}-dark", sizes=(accessibility.DESKTOP,))
        in_dark_colours(browser, on=False)
    assert found == [], "\n".join(found)
    messages = [entry["message"] for entry in browser.get_log("browser")]
    assert [message for message in messages if "favicon" not in message] == []


def test_a_table_that_is_wider_than_the_window_scrolls_by_itself(browser: Chrome, lab: ServedLab) -> None:
    lab.sign_in(browser)
    browser.execute_script("document.querySelector('.table-frame table').style.width = '2000px'")
    widths = "const page = document.documentElement; return [page.scrollWidth, page.clientWidth]"
    scrolled, shown = browser.execute_script(widths)
    assert scrolled <= shown


def test_rights_in_an_app_are_granted_and_revoked_with_the_keyboard_on_every_screen(
    browser: Chrome, lab: ServedLab
) -> None:
    lab.add_user("ann", "Ann Lee")
    lab.sign_in(browser)
    browser.find_element(By.LINK_TEXT, "colours").send_keys(Keys.ENTER)
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: "colours" in b.title)
    Select(browser.find_element(By.ID, "username")).select_by_value("ann")
    browser.find_element(By.CSS_SELECTOR, 'input[value="Viewer"]').send_keys(Keys.SPACE)
    browser.find_element(By.CSS_SELECTOR, "form[action$='/grant'] button").send_keys(Keys.ENTER)
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: "said=grant" in b.current_url)
    row = next(each for each in browser.find_elements(By.CSS_SELECTOR, "tbody tr") if "ann" in each.text)
    assert "Viewer" in row.text
    found = accessibility.problems(browser, "lab-app")
    in_dark_colours(browser, on=True)
    found += accessibility.problems(browser, "lab-app-dark")
    in_dark_colours(browser, on=False)
    row = next(each for each in browser.find_elements(By.CSS_SELECTOR, "tbody tr") if "ann" in each.text)
    row.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: "said=revoke" in b.current_url)
    assert "ann" not in browser.find_element(By.ID, "grants").text
    assert found == [], "\n".join(found)


def test_what_was_revoked_ends_at_once_in_the_app(browser: Chrome, lab: ServedLab) -> None:
    lab.add_user("ben", "Ben")
    lab_connections.grant(lab.lab, "colours", "ben", [VIEWER])
    lab.sign_in(browser, "ben")
    _press(browser, "Open")
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: "signs you in as" in b.page_source)
    _press(browser, "Open the dashboard")
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: "Overview" in b.title)
    assert lab_connections.revoke(lab.lab, "colours", "ben").problem == ""
    browser.refresh()
    assert "Sign in" in browser.title


def test_after_new_keys_the_lab_still_opens_its_apps(browser: Chrome, lab: ServedLab) -> None:
    outcomes = lab_connections.rotate_keys(lab.lab, at_once=True)
    assert [each.problem for each in outcomes] == ["", ""]
    lab.sign_in(browser)
    _press(browser, "Open")
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: "signs you in as" in b.page_source)
    _press(browser, "Open the dashboard")
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: "Overview" in b.title)
    assert "Operator of lab" in browser.find_element(By.ID, "side").text
