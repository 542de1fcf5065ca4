"""Start the machine's own Chromium, without a window."""

from __future__ import annotations

import shutil
from pathlib import Path

from selenium import webdriver

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESKTOP = (1100, 900)
PHONE = (360, 740)
FLAGS = (
    "--headless=new",
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


def start(profile: Path, *flags: str) -> webdriver.Chrome:
    """Start a browser with a profile of its own."""
    program = next((found for found in map(shutil.which, BROWSERS) if found), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        raise NoBrowserError
    options = webdriver.ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
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
