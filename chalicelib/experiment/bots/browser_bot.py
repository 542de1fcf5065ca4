"""Defines bots that drive a real browser with Selenium."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from chalicelib.errors import ConfigError, ExperimentError
from chalicelib.experiment.config.configuration import get_config
from chalicelib.experiment.config.run_settings import RunSettings

from .base_bot import BaseBot

if TYPE_CHECKING:
    from selenium.webdriver import ChromeOptions, FirefoxOptions
    from selenium.webdriver.remote.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

#: Seconds to wait for a page, a button or a field.
PAGE_TIMEOUT = 30.0
#: Large enough for every stock page to show its button without scrolling.
WINDOW_SIZE = (1280, 1000)
BROWSERS = ("chrome", "chrome_headless", "firefox", "firefox_headless")


class BotBase(BaseBot):
    """A bot that drives a real browser through the experiment's pages.

    It uses the elements of the stock pages: `btn-primary` on the ad, `consent`, `btn-success` on the
    instructions, `engagement`, `difficulty` and `submit-questionnaire` at the end. The settings
    webdriver_type (chrome, chrome_headless, firefox, firefox_headless) and webdriver_url (the address
    of a Selenium hub) choose the browser; without a screen it runs headless in any case.
    """

    _driver: WebDriver | None = None

    @property
    def driver(self) -> WebDriver:
        """The browser, which is opened when it is first used."""
        if self._driver is None:
            config = get_config()
            kind = RunSettings.read(config).webdriver_type
            self._driver = _open_browser(kind, str(config.get("webdriver_url", None) or ""))
        return self._driver

    def run_experiment(self) -> bool:
        """Sign up, take part, sign off and close the browser.

        What the browser couldn't find or do is added to `problems`; an error in the bot's own code is raised.

        Returns:
            True when the bot succeeded; False when `problems` says what went wrong.

        Raises:
            ExperimentError: Selenium isn't installed.

        """
        _need_selenium()
        from selenium.common.exceptions import WebDriverException  # Lazy import: Lambda has no Selenium

        try:
            self._run_phases()
        except WebDriverException as error:
            self.note(f"{self.where()}: {type(error).__name__}, {error.msg or 'no details'}")
        finally:
            self._close()
        return not self.problems

    def _run_phases(self) -> None:
        self.sign_up()
        self.participate()
        if self.problems or not self.sign_off():
            self.complete_experiment("worker_failed")

    def sign_up(self) -> int | str:
        """Go through ad, consent and instructions.

        Returns:
            The participant's number.

        """
        self.log("signing up")
        self._reach_consent()
        self.click("id", "consent")
        self._await_participant()
        self.click("css selector", ".btn-success")
        return self.participant_id

    def sign_off(self) -> bool:
        """Answer the questionnaire, submit it and wait until it has been submitted.

        Returns:
            True when it was submitted.

        """
        self.log("signing off")
        self.wait_for("id", "submit-questionnaire")
        self.complete_questionnaire()
        page = self.driver.current_url
        self.click("id", "submit-questionnaire")
        self.wait_until(lambda driver: driver.current_url != page)
        self.driver.switch_to.window(self.driver.window_handles[0])
        return True

    def complete_questionnaire(self) -> None:
        """Fill in the answers of `question_responses`; answers to fields that the page lacks are ignored."""
        from selenium.webdriver.support.select import Select  # Lazy import: Lambda has no Selenium

        for name, value in self.question_responses.items():
            for field in self.driver.find_elements("id", name):
                if field.tag_name == "select":
                    Select(field).select_by_value(str(value))
                else:
                    field.send_keys(str(value))

    def complete_experiment(self, status: str) -> dict[str, Any]:
        """Report the end through the page's own `dallinger` object, which has the participant's token.

        The questionnaire's page reports completion itself.

        Args:
            status: `"worker_complete"` or `"worker_failed"`.

        Returns:
            The JSON object of the response.

        """
        self.log(status)
        answer: dict[str, Any] = self.driver.execute_async_script(
            "const [route, done] = arguments;"
            "window.dallinger.get('/' + route, {participant_id: window.dallinger.identity.participantId})"
            ".done(done).fail((rejection) => done({status: 'error', code: rejection.status}));",
            status,
        )
        return answer

    # Helpers for participate()

    def wait_for(self, by: str, value: str) -> WebElement:
        """Wait until an element can be clicked.

        Args:
            by: How to find the element, such as `"id"` or `"css selector"`.
            value: What to find, such as `"submit-response"`.

        Returns:
            The element.

        """
        from selenium.webdriver.support import expected_conditions  # Lazy import: Lambda has no Selenium

        element: WebElement = self.wait_until(expected_conditions.element_to_be_clickable((by, value)))
        return element

    def click(self, by: str, value: str) -> None:
        """Wait until an element can be clicked, and click it.

        Args:
            by: How to find the element, such as `"id"` or `"css selector"`.
            value: What to find, such as `"submit-response"`.

        """
        from selenium.webdriver.support import expected_conditions  # Lazy import: Lambda has no Selenium

        is_ready = expected_conditions.element_to_be_clickable((by, value))

        def clicked(driver: WebDriver) -> bool:
            element = is_ready(driver)
            if not element:
                return False
            element.click()
            return True

        self.wait_until(clicked)

    def where(self) -> str:
        """Return the URL of the current page.

        Returns:
            The URL without its query.

        """
        return self.driver.current_url.partition("?")[0]

    def wait_until(self, condition: Any, seconds: float = PAGE_TIMEOUT) -> Any:
        """Wait until a condition holds.

        Args:
            condition: A function that gets the driver and returns a true value when the condition holds.
            seconds: How long to wait.

        Returns:
            What the condition returned.

        """
        from selenium.common.exceptions import (  # Lazy import: Lambda has no Selenium
            NoSuchElementException,
            StaleElementReferenceException,
        )
        from selenium.webdriver.support.ui import WebDriverWait

        # While the browser loads the next page, an element that was found can disappear.
        passing = (NoSuchElementException, StaleElementReferenceException)
        return WebDriverWait(self.driver, seconds, ignored_exceptions=passing).until(condition)

    def _reach_consent(self) -> None:
        """Open the ad, and follow it to the consent page."""
        self.driver.get(self.URL)
        opened = len(self.driver.window_handles)
        self.click("css selector", ".btn-primary")
        self._follow_new_window(opened)

    def _follow_new_window(self, opened: int) -> None:
        """Switch to the window that the ad opened, or stay in this one if the ad used a plain link."""
        self.wait_until(
            lambda driver: len(driver.window_handles) > opened or driver.find_elements("id", "consent")
        )
        self.driver.switch_to.window(self.driver.window_handles[-1])

    def _await_participant(self) -> None:
        """Wait until the instructions have created the participant, so that leaving them loses nothing."""
        script = "return window.dallinger && window.dallinger.identity.participantId;"
        self.participant_id = self.wait_until(lambda driver: driver.execute_script(script))

    def _close(self) -> None:
        if self._driver is not None:
            self._driver.quit()
            self._driver = None


def _need_selenium() -> None:
    try:
        import selenium  # noqa: F401 - checks that it is installed; lazy import: Lambda has no Selenium
    except ImportError as missing:
        raise ExperimentError(
            "This bot drives a browser, and Selenium is not installed: pip install selenium. "
            "A bot on HighPerformanceBotBase needs no browser."
        ) from missing


def _open_browser(kind: str, hub: str) -> WebDriver:
    """Open a local browser, or one at a Selenium hub's address."""
    _need_selenium()
    from selenium import webdriver  # Lazy import: Lambda has no Selenium

    options = _options(kind)
    if hub:
        return webdriver.Remote(command_executor=hub, options=options)
    # With the path of an installed driver, Selenium doesn't search for one on the network.
    if isinstance(options, webdriver.ChromeOptions):
        return webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    return webdriver.Firefox(options, webdriver.FirefoxService(shutil.which("geckodriver")))


def _options(kind: str) -> ChromeOptions | FirefoxOptions:
    from selenium import webdriver  # Lazy import: Lambda has no Selenium

    if kind not in BROWSERS:
        raise ConfigError(f'webdriver_type = "{kind}" is not supported by bots; use {", ".join(BROWSERS)}.')
    width, height = WINDOW_SIZE
    headless = kind.endswith("headless") or _has_no_screen()
    if kind.startswith("firefox"):
        firefox = webdriver.FirefoxOptions()
        for argument in (f"--width={width}", f"--height={height}", *(["-headless"] if headless else [])):
            firefox.add_argument(argument)
        return firefox
    chrome = webdriver.ChromeOptions()
    chrome.add_argument(f"--window-size={width},{height}")
    if headless:
        chrome.add_argument("--headless=new")
    if os.geteuid() == 0:
        # Chromium doesn't start its sandbox for root, and containers often run as root.
        chrome.add_argument("--no-sandbox")
    return chrome


def _has_no_screen() -> bool:
    return sys.platform.startswith("linux") and not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()
