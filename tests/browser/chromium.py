"""Start the machine's own Chromium, without a window."""

from __future__ import annotations

import shutil
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import WebDriverException

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCREENSHOTS = Path(__file__).parents[2] / "artifacts" / "screenshots"
DESKTOP = (1100, 900)
PHONE = (360, 740)
_SHOWN = r"""
    const { readyState, visibilityState, body } = document;
    const requests = performance.getEntriesByType("resource").filter((one) => one.initiatorType === "fetch");
    const latest = requests.slice(-8).map((one) => `${one.responseStatus} ${one.name}, ${one.duration} ms`);
    return [readyState, visibilityState, ...latest, body?.innerText ?? ""].join("\n");
"""
FLAGS = (
    "--headless=new",
    "--screen-info={1600x1200}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-search-engine-choice-screen",
)


class NoBrowserError(Exception):
    """There is no Chromium with its chromedriver on the PATH: run `make browser`, which installs both."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def start(profile: Path, *flags: str, blocks_storage: bool = False) -> webdriver.Chrome:
    """Start a browser with a profile of its own; `blocks_storage`: it lets sites keep no cookies and data."""
    program = next((found for found in map(shutil.which, BROWSERS) if found), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        raise NoBrowserError
    options = webdriver.ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if blocks_storage:
        options.add_experimental_option("prefs", {"profile.default_content_setting_values.cookies": 2})
    for flag in (*FLAGS, f"--user-data-dir={profile}", "--window-size={},{}".format(*DESKTOP), *flags):
        options.add_argument(flag)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))


def resize_to_phone(browser: webdriver.Chrome) -> None:
    """Show pages as a phone of 360 points width does; a window can't be made that narrow."""
    width, height = PHONE
    metrics = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def resize_to_desktop(browser: webdriver.Chrome) -> None:
    """Undo `resize_to_phone`."""
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def tidy(browser: webdriver.Chrome) -> None:
    """Leave one empty window, no cookies, and no messages of this test's pages for the next test."""
    first, *others = browser.window_handles
    for window in others:
        browser.switch_to.window(window)
        browser.close()
    browser.switch_to.window(first)
    browser.get("about:blank")
    resize_to_desktop(browser)
    browser.delete_all_cookies()
    browser.get_log("browser")


def describe_windows(browser: webdriver.Chrome) -> str:
    """Return the address and the text of each window, and the console's messages, for a report."""
    lines = []
    try:
        for window in browser.window_handles:
            browser.switch_to.window(window)
            shown = browser.execute_script(_SHOWN)
            lines += [browser.current_url, str(shown)[:2000], ""]
        lines += [f"{entry['level']}: {entry['message']}" for entry in browser.get_log("browser")]
    except WebDriverException as error:  # a browser that has ended, or an open dialog: the rest is still told
        lines.append(f"The browser doesn't say more: {error.msg}")
    return "\n".join(lines)


def keep_screenshot(browser: webdriver.Chrome, name: str) -> Path:
    """Keep what the window shows, for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    browser.save_screenshot(str(path))
    return path
