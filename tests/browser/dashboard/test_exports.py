"""A person makes an export, sees it being written, and gets the file."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.dashboard.conftest import ServedRun
from tests.browser.dashboard.test_dashboard import WITHIN_SECONDS, sign_in

pytestmark = pytest.mark.e2e


def test_an_export_appears_without_reload_and_its_download_begins_by_itself(
    browser: Chrome, served_run: ServedRun, tmp_path: Path
) -> None:
    sign_in(browser, served_run)
    folder = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", folder)
    browser.get(f"{served_run.dashboard}/exports")
    browser.find_element(By.XPATH, "//button[text()='Make the export']").click()
    waiting = WebDriverWait(browser, WITHIN_SECONDS)
    waiting.until(lambda b: b.find_elements(By.XPATH, "//button[text()='Download']"))
    shown = browser.find_element(By.CSS_SELECTOR, ".exports code").text
    browser.find_element(By.XPATH, "//button[text()='Download']").click()
    waiting.until(lambda _: list(tmp_path.glob("*-data.zip")))
    (path,) = tmp_path.glob("*-data.zip")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == shown
    with zipfile.ZipFile(path) as archive:
        assert {"manifest.json", "code.zip", "data/participant.csv"} <= set(archive.namelist())
    # The page is still there.
    assert "Download it now" in browser.find_element(By.TAG_NAME, "main").text
