"""An instructor creates a class and adds members; a person joins it, and reads about it on a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_socket import enable_socket
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from typer.testing import CliRunner

from infra.cli.main import app
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


def test_the_command_creates_a_class_and_imports_a_list_once(
    book: ServedRun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(book.folder)
    listed, links = tmp_path / "students.csv", tmp_path / "links.csv"
    listed.write_bytes("Vorname;Nachname;E-Mail\nJürgen;=Groß;jg@example.org\nBob;;\n".encode("cp1252"))

    def said(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["classes", *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    created = said("create", "--name", "Evening class", "--time-zone", "Europe/Berlin")
    number = re.search(r"Class (\d+) is created", created)[1]
    first = said("import", number, "--file", str(listed))
    assert "1 added" in first
    assert "Row 3" in first
    assert "0 added, 1 were members already" in said("import", number, "--file", str(listed))
    assert "Evening class" in said("list")
    assert "invited" in said("members", number)
    said("links", number, "--file", str(links))
    assert (
        links.read_text(encoding="utf-8").splitlines()[1].startswith('"\'=Groß, Jürgen",jg@example.org,,http')
    )
    for wrong in (["members"], ["import", number], ["create"]):
        assert CliRunner().invoke(app, ["classes", *wrong]).exit_code != 0
