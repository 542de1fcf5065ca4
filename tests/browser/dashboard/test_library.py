"""A person publishes a zip in the library, and finds, downloads and changes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.browser.accessibility import problems
from tests.browser.dashboard.conftest import ServedRun
from tests.browser.dashboard.test_dashboard import WITHIN_SECONDS, sign_in
from tests.unit.study_library.zips import a_study

pytestmark = pytest.mark.e2e


def test_a_study_is_published_and_a_file_that_is_not_a_zip_is_refused(
    browser: Chrome, served_run: ServedRun, tmp_path: Path
) -> None:
    sign_in(browser, served_run)
    waiting = WebDriverWait(browser, WITHIN_SECONDS)
    file, wrong = tmp_path / "stroop.zip", tmp_path / "page.zip"
    file.write_bytes(a_study(task=b":::{choice} a: A?\n:::\n"))
    wrong.write_bytes(b"<!doctype html><script>alert(1)</script>")
    browser.get(f"{served_run.dashboard}/library")
    browser.find_element(By.ID, "library-file").send_keys(str(wrong))
    browser.find_element(By.ID, "library-name").send_keys("stroop-task")
    browser.find_element(By.ID, "library-title").send_keys("The <b>Stroop</b> task")
    browser.find_element(By.XPATH, "//button[text()='Publish']").click()
    waiting.until(lambda b: "isn't a zip" in b.find_element(By.CSS_SELECTOR, "[data-state]").text)
    browser.find_element(By.ID, "library-file").send_keys(str(file))
    browser.find_element(By.XPATH, "//button[text()='Publish']").click()
    waiting.until(lambda b: b.current_url.endswith("/library/stroop-task"))
    shown = browser.find_element(By.TAG_NAME, "main").text
    assert "The <b>Stroop</b> task" in shown
    assert "pages/task.md" in shown
    assert problems(browser, "library-entry") == []
    browser.get(f"{served_run.dashboard}/library?q=stroop")
    assert "The <b>Stroop</b> task" in browser.find_element(By.CSS_SELECTOR, ".library-list").text
    assert problems(browser, "library-list") == []
    browser.get(f"{served_run.dashboard}/library/stroop-task")
    Select(browser.find_element(By.ID, "entry-visibility")).select_by_value("public")
    browser.find_element(By.XPATH, "//button[text()='Save']").click()
    button = waiting.until(lambda b: b.find_element(By.CSS_SELECTOR, "[data-copied]"))
    waiting.until(lambda _: button.is_displayed())
    address = button.get_attribute("data-copied")
    browser.delete_all_cookies()
    browser.get(address)
    shown = browser.find_element(By.TAG_NAME, "main").text
    assert "The <b>Stroop</b> task" in shown
    assert "pages/task.md" in shown
    assert problems(browser, "library-public") == []
