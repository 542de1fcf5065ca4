"""A person uploads a picture, describes it, and drops another file."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from chalicelib.study.uploads.sample_files import sample_file
from tests.browser.accessibility import problems
from tests.browser.dashboard.conftest import ServedRun
from tests.browser.dashboard.test_dashboard import WITHIN_SECONDS, sign_in

pytestmark = pytest.mark.e2e

_, _, PNG = sample_file(("image/png",))
DROP = """
const zone = document.querySelector("[data-drop-zone]");
const carried = new DataTransfer();
carried.items.add(new File([arguments[0]], "page.png", {type: "image/png"}));
zone.dispatchEvent(new DragEvent("drop", {dataTransfer: carried, bubbles: true, cancelable: true}));
"""


def test_a_picture_is_uploaded_with_its_thumbnail_and_described(
    browser: Chrome, served_run: ServedRun, tmp_path: Path
) -> None:
    sign_in(browser, served_run)
    waiting = WebDriverWait(browser, WITHIN_SECONDS)
    file = tmp_path / "Red Dot.png"
    file.write_bytes(PNG)
    browser.get(f"{served_run.dashboard}/assets")
    browser.find_element(By.ID, "asset-files").send_keys(str(file))
    waiting.until(lambda b: b.find_elements(By.ID, "asset-alt"))
    preview = browser.find_element(By.CSS_SELECTOR, ".asset-preview")
    assert preview.get_attribute("src").startswith("data:image/webp;base64,")
    assert "1 \u00d7 1" in browser.find_element(By.TAG_NAME, "main").text
    browser.find_element(By.ID, "asset-alt").send_keys("A red dot")
    browser.find_element(By.XPATH, "//button[text()='Save']").click()
    waiting.until(lambda b: "show this picture yet" not in b.page_source)
    browser.get(f"{served_run.dashboard}/assets")
    assert problems(browser, "dashboard-assets-uploaded") == []
    assert "red-dot.png" in browser.find_element(By.CSS_SELECTOR, ".asset-grid").text
    browser.execute_script(DROP, "<!doctype html><script>alert(1)</script>")
    waiting.until(lambda b: b.find_elements(By.CSS_SELECTOR, ".uploads .bad"))
    assert "This file is a page" in browser.find_element(By.CSS_SELECTOR, ".uploads .bad").text
    # The space of the refused file is free again.
    browser.get(f"{served_run.dashboard}/assets")
    assert "reserved" not in browser.find_element(By.ID, "space").text
